// Package ops is the door of those who run the program: whether the process is
// up, whether it can do its work, what it has counted, and profiles of what it is
// doing. [Public] goes
// with the other doors, [Private] on a listener of its own.
//
// It knows no rule and no database: whether the program can do its work, and what
// there is to count, are functions that it is given.
package ops
