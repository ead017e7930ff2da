package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// envPrefix begins the name of every variable that is a setting.
const envPrefix = "MATRICULA_"

// testClock moves the clock of a test build; every build lets it through.
const testClock = envPrefix + "TEST_CLOCK"

// environment is the settings that the environment gives, by the setting's name:
// "public-url" for MATRICULA_PUBLIC_URL. An empty variable gives nothing, since
// service managers set those for what was left out.
type environment map[string]string

// readEnvironment picks the settings out of an environment of NAME=VALUE.
func readEnvironment(environ []string) environment {
	env := environment{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, envPrefix)
		if !ours || name == testClock || value == "" {
			continue
		}
		env[strings.ToLower(strings.ReplaceAll(rest, "_", "-"))] = value
	}
	return env
}

// variable is the name of a setting in the environment.
func variable(setting string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// check refuses a variable that is no setting: a misspelt one would be a setting
// that silently isn't in force. It also refuses what is no value of the setting,
// in the variable's name: the flag may be another command's.
func (e environment) check() error {
	known := settingNames()
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s is no setting; matricula serve --help lists them", variable(name))
		}
	}
	for field := range reflect.TypeFor[settings]().Fields() {
		name := field.Tag.Get("name")
		value, given := e[name]
		if want := valueOf(field.Type, value); given && want != "" {
			return fmt.Errorf("%s: %q is not %s", variable(name), value, want)
		}
	}
	return nil
}

// valueOf says what a value should be, "" where it is that.
func valueOf(kind reflect.Type, value string) string {
	switch kind {
	case reflect.TypeFor[time.Duration]():
		if _, err := time.ParseDuration(value); err != nil {
			return "a time such as 90s, 15m or 24h"
		}
	case reflect.TypeFor[int64]():
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return "a whole number such as 100"
		}
	case reflect.TypeFor[bool]():
		if !slices.Contains([]string{"true", "1", "yes", "false", "0", "no"}, strings.ToLower(value)) {
			return "yes or no"
		}
	}
	return ""
}

// Validate is part of kong.Resolver; check does it, after --help has had its way.
func (e environment) Validate(*kong.Application) error { return nil }

// Resolve gives a flag that is a setting its value from the environment, unless
// it stands on the command line. The flags in a group are the settings.
func (e environment) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Group == nil {
		return nil, nil
	}
	if value, ok := e[flag.Name]; ok {
		return value, nil
	}
	return nil, nil
}

// settings reads what is in force beside a server: the environment, and what a
// command's own flags say.
func (e environment) settings(flags ...string) (settings, error) {
	var s settings
	parser, err := kong.New(&s, kong.Resolvers(e), settingGroups, kong.NoDefaultHelp())
	if err != nil {
		return settings{}, err
	}
	_, err = parser.Parse(flags)
	return s, err
}

// settingNames lists every setting, in the order of the settings struct.
func settingNames() []string {
	var names []string
	for field := range reflect.TypeFor[settings]().Fields() {
		names = append(names, field.Tag.Get("name"))
	}
	return names
}
