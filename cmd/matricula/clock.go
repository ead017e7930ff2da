//go:build !testclock

package main

import "time"

// clock is the machine's. The variable that moves the clock of a test build means
// nothing here: whoever can set it must not be able to bring expired tokens back.
func clock() func() time.Time { return time.Now }
