// Package ops is the door of those who run the program: whether the process is
// up, whether it can do its work, and profiles of what it is doing. [Public] goes
// with the other doors, [Private] on a listener of its own.
//
// It knows no account and no database: whether the program can do its work is a
// function that it is given.
package ops
