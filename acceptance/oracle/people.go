package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
)

// class is what is so about an address.
type class string

// The classes. Every address is on the roster, for that is what email-exists and
// register tell of by contract.
const (
	confirmed    class = "confirmed" // an account with a club, confirmed, and a password of today's hash
	unknown      class = "unknown"   // no account
	unconfirmed  class = "unconfirmed"
	disabled     class = "disabled"
	passwordless class = "passwordless" // confirmed
	clubless     class = "clubless"     // confirmed, of the cohorts contract alone
	oldPBKDF2    class = "pbkdf2"       // confirmed, with a hash that the clubs backend made
	oldBcrypt    class = "bcrypt"       // the same of the cohorts backend
	applicant    class = "applicant"    // unknown, for register, which uses them up
)

// everyClass is all that can be compared.
var everyClass = []class{confirmed, unknown, unconfirmed, disabled, passwordless, clubless, oldPBKDF2, oldBcrypt}

// hashed are those whose password has a hash, in the proportions in which fill
// makes them: the hashes that unknown addresses seem to have are in them too.
var hashed = []class{confirmed, unconfirmed, disabled, clubless, oldPBKDF2, oldBcrypt}

// person is an address to ask about.
type person struct {
	email string
	id    int64 // of the account, or one that no account has; 0 when it isn't known
}

// people are addresses by their class, handed out one after the other.
type people struct {
	of    map[class][]person
	aside map[class][]person // see setAside

	mu   sync.Mutex
	next map[class]int
}

func newPeople() *people {
	return &people{of: map[class][]person{}, aside: map[class][]person{}, next: map[class]int{}}
}

func (p *people) add(c class, one person) { p.of[c] = append(p.of[c], one) }

// errUsedUp says that a class has nobody left whom nobody asked about yet.
var errUsedUp = errors.New("no address is left that has no account")

// take answers one of the class who wasn't asked about for as long as can be. There
// are applicants only once.
func (p *people) take(c class) (person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, i := p.of[c], p.next[c]
	if len(all) == 0 || c == applicant && i >= len(all) {
		return person{}, errUsedUp
	}
	p.next[c]++
	return all[i%len(all)], nil
}

// setAside keeps some of each class for spend, but half of them at most.
func (p *people) setAside(n int) {
	for c, all := range p.of {
		keep := len(all) - min(n, len(all)/2)
		p.of[c], p.aside[c] = all[:keep], all[keep:]
	}
}

// spend answers one of the class whom nobody has asked about before, and nobody will
// again: whose limits will have been met. Where all of those are spent, it is as take.
func (p *people) spend(c class) (person, error) {
	all := p.aside[c]
	if len(all) == 0 {
		return p.take(c)
	}
	p.aside[c] = all[1:]
	return all[0], nil
}

// classes lists those of which there is somebody.
func (p *people) classes() []class {
	return slices.DeleteFunc(slices.Clone(everyClass), func(c class) bool { return len(p.of[c]) == 0 })
}

// haveIDs reports whether an id is known for all of the classes.
func (p *people) haveIDs(classes []class) bool {
	for _, c := range classes {
		if slices.ContainsFunc(p.of[c], func(one person) bool { return one.id == 0 }) {
			return false
		}
	}
	return true
}

// columns is the header line of a file of people.
var columns = []string{"class", "email", "id"}

// save writes the file that loadPeople reads.
func (p *people) save(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(file)
	lines := [][]string{columns}
	for _, c := range append(slices.Clone(everyClass), applicant) {
		for _, one := range p.of[c] {
			lines = append(lines, []string{string(c), one.email, strconv.FormatInt(one.id, 10)})
		}
	}
	return errors.Join(w.WriteAll(lines), file.Close())
}

// loadPeople reads lines of class, e-mail address and id of the account; 0 is an id
// that isn't known, and calls that want one are left out then.
func loadPeople(path string) (*people, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord = len(columns)
	lines, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 || !slices.Equal(lines[0], columns) {
		return nil, fmt.Errorf("%s: the first line is not class,email,id", path)
	}
	p := newPeople()
	for i, line := range lines[1:] {
		c := class(line[0])
		id, err := strconv.ParseInt(line[2], 10, 64)
		if err != nil || id < 0 || line[1] == "" || c != applicant && !slices.Contains(everyClass, c) {
			return nil, fmt.Errorf("%s:%d: %q is no class, address and id; the classes are %v and applicant", path, i+2, line, everyClass)
		}
		p.add(c, person{line[1], id})
	}
	if len(p.of[unknown]) == 0 || len(p.classes()) < 2 {
		return nil, fmt.Errorf("%s: there is nobody to compare; want some who are unknown, and others", path)
	}
	return p, nil
}
