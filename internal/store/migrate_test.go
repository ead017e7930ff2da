package store

import (
	"testing"
	"testing/fstest"
)

func TestLatest(t *testing.T) {
	file := &fstest.MapFile{}
	for _, test := range []struct {
		files fstest.MapFS
		want  int64
		fails bool
	}{
		{fstest.MapFS{}, 0, false},
		{fstest.MapFS{"00001_start.sql": file, "00010_ten.sql": file, "00009_nine.sql": file, "README.md": file}, 10, false},
		{fstest.MapFS{"start.sql": file}, 0, true},
	} {
		got, err := Latest(test.files)
		if got != test.want || (err != nil) != test.fails {
			t.Errorf("%v: got %d and %v, want %d", test.files, got, err, test.want)
		}
	}
}
