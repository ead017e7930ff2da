// Command gosec asks gosec's rules about the packages in the directories that it is
// given, prints what they find, and ends with status 1 when that is anything:
//
//	gosec internal/web internal/token
//
// It is gosec as a library, because gosec's own command brings along the clients of
// three companies' language models, for suggestions that nobody asked for.
//
// What is found and yet right says so where it stands, with the rule and the reason:
//
//	cfg.InsecureSkipVerify = true //gosec:disable G402 -- loopback only, see above
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/securego/gosec/v2"
	"github.com/securego/gosec/v2/analyzers"
	"github.com/securego/gosec/v2/issue"
	"github.com/securego/gosec/v2/rules"
)

// off are the rules that are not asked, each with the reason. What a rule finds with
// low confidence doesn't count either: it goes by names alone, and takes the word
// "password" in a title for one.
var off = map[string]string{
	"G304": "the program opens the files that its operator names; G703 follows the names that a request holds, and is on",
}

func main() {
	log.SetFlags(0)
	found, err := find(os.Args[1:])
	if err != nil {
		log.Fatalf("gosec: %v", err)
	}
	for _, line := range found {
		fmt.Println(line)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

// find answers what there is to mend in the packages of the directories, sorted, one
// line each.
func find(dirs []string) ([]string, error) {
	analyzer := gosec.NewAnalyzer(gosec.NewConfig(), false, false, false, 2, log.New(io.Discard, "", 0))
	analyzer.LoadRules(rules.Generate(false, rules.NewRuleFilter(true, ids()...)).RulesInfo())
	analyzer.LoadAnalyzers(analyzers.Generate(false, analyzers.NewAnalyzerFilter(true, ids()...)).AnalyzersInfo())
	if err := analyzer.Process(nil, dirs...); err != nil {
		return nil, err
	}
	issues, read, broken := analyzer.Report()
	for file, why := range broken {
		return nil, fmt.Errorf("%s: %v", file, why)
	}
	if read.NumFiles == 0 {
		return nil, fmt.Errorf("there is nothing to read in %q", dirs)
	}
	var found []string
	for _, i := range issues {
		if i.Confidence > issue.Low {
			found = append(found, fmt.Sprintf("%s:%s: %s %s", short(i.File), i.Line, i.RuleID, i.What))
		}
	}
	for _, dir := range dirs {
		bare, err := unreasoned(dir)
		if err != nil {
			return nil, err
		}
		found = append(found, bare...)
	}
	slices.Sort(found)
	return found, nil
}

// ids are the rules that are off.
func ids() []string {
	var all []string
	for id := range off {
		all = append(all, id)
	}
	return all
}

var (
	silencer = regexp.MustCompile(`//\s*gosec:disable|#nosec`)
	reasoned = regexp.MustCompile(`//gosec:disable G\d{3}( G\d{3})* -- \S`)
)

// unreasoned answers the lines of a directory's Go files that silence a rule without
// naming it or saying why.
func unreasoned(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, file := range files {
		source, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(source)
		for n := 1; lines.Scan(); n++ {
			if silencer.MatchString(lines.Text()) && !reasoned.MatchString(lines.Text()) {
				found = append(found, short(file)+":"+strconv.Itoa(n)+": say which rule is off here and why: //gosec:disable G000 -- reason")
			}
		}
		if err := source.Close(); err != nil {
			return nil, err
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return found, nil
}

// short is a path as seen from here.
func short(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if from, err := filepath.Rel(here, path); err == nil {
		return from
	}
	return path
}
