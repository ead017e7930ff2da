// Package apart hashes passwords in processes of their own: the same program, started
// once more for each hash that runs at the same time, at a lower priority. While a crowd
// signs in, all other work of the server goes before the hashes, which a scheduler of
// goroutines can't do; and the memory of one hash becomes that of the next, where in the
// server it would have to be collected beside all else.
//
// Such a process knows nothing but the questions that it is asked: no settings, no
// files, and of the environment only what tunes Go. It ends with its parent, whose end
// closes the pipe between them.
package apart
