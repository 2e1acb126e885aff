package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ownFiles are README's: a policy patient for 12s..15s, a scenario cable-blink.
func ownFiles(t *testing.T) (policies, scenarios string) {
	t.Helper()
	for _, to := range []struct {
		name string
		path *string
	}{{"policies.yaml", &policies}, {"scenarios.yaml", &scenarios}} {
		path, err := filepath.Abs(filepath.Join("..", "..", "harness", "file", "testdata", to.name))
		if err != nil {
			t.Fatal(err)
		}
		*to.path = path
	}
	return policies, scenarios
}

func TestOwnPoliciesAndScenariosAreChosenLikeTheBuiltInOnes(t *testing.T) {
	policies, scenarios := ownFiles(t)
	for _, row := range []struct {
		name string
		args []string
		want []string // trials, without their phase
	}{
		{
			name: "beside the built-in ones", args: []string{"--scenario", "cable-blink", "--policy", "echo-timer,push,patient"},
			want: []string{
				"cable-blink.echo-timer.strict", "cable-blink.push.strict",
				"cable-blink.echo-timer.standard", "cable-blink.push.standard",
				"cable-blink.patient.12s..15s",
			},
		},
		{
			name: "by name", args: []string{"--scenario", "cable-blink,orderly-close", "--policy", "patient"},
			want: []string{"orderly-close.patient.12s..15s", "cable-blink.patient.12s..15s"},
		},
		{
			name: "in its window", args: []string{"--scenario", "cable-blink", "--policy", "fixed,patient", "--window", "12s..15s"},
			want: []string{"cable-blink.fixed.12s..15s", "cable-blink.patient.12s..15s"},
		},
		{
			name: "a built-in one in its profile", args: []string{"--scenario", "cable-blink", "--policy", "fixed", "--profile", "strict"},
			want: []string{"cable-blink.fixed.strict"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			args := append([]string{"run", "--dry-run", "--phases", "0.5", "--policies", policies, "--scenarios", scenarios}, row.args...)
			code, stdout, stderr := flatline(t, args...)
			if code != 0 {
				t.Fatalf("exit code %d, %s", code, stderr)
			}
			var got []string
			for _, line := range strings.Split(stdout, "\n") {
				if id, _, ok := strings.Cut(line, ".0.5 "); ok {
					got = append(got, id)
				}
			}
			if strings.Join(got, " ") != strings.Join(row.want, " ") {
				t.Errorf("trials %q, want %q", got, row.want)
			}
		})
	}
}

const twoOfAWindow = `policies:
  - {name: a, window: 12s..15s, probe: echo, beats: client, interval: 2s, server: {detector: fixed, timeout: 14.55s}}
  - {name: b, window: 12s..15s, probe: echo, beats: client, interval: 2s, server: {detector: fixed, timeout: 14.55s}}
`

func TestOwnPoliciesThatTheProfilesLeaveOut(t *testing.T) {
	policies, _ := ownFiles(t)
	for _, args := range [][]string{
		{"--window", "6s..9s"},
		{"--window", "6s..9s", "--policy", "patient,fixed"},
		{"--window", "6s..9s", "--policy", "patient"},
	} {
		code, _, stderr := flatline(t, append([]string{"run", "--dry-run", "--policies", policies}, args...)...)
		if want := "the profiles leave out patient: want --profile or --window with 12s..15s, or neither"; code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%q: exit code %d, %q; want %q", args, code, stderr, want)
		}
	}
	two := write(t, twoOfAWindow)
	code, _, stderr := flatline(t, "run", "--dry-run", "--policies", two, "--window", "6s..9s")
	if want := "the profiles leave out a, b: want --profile or --window with 12s..15s, or neither"; code != 2 || !strings.Contains(stderr, want) {
		t.Errorf("two of a window: exit code %d, %q; want %q", code, stderr, want)
	}
}

// A profile chooses among the built-in ones: a policy with a window of its own goes
// with any.
func TestOwnPoliciesGoWithAProfile(t *testing.T) {
	policies, _ := ownFiles(t)
	code, stdout, stderr := flatline(t, "run", "--dry-run", "--policies", policies, "--profile", "strict", "--scenario", "cable-pull")
	if code != 0 || !strings.Contains(stdout, "cable-pull.patient.12s..15s") || strings.Contains(stdout, ".standard.") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// A window may be too narrow for the built-in policies, and wide enough for one
// that knows a better network.
func TestOwnPolicyInANarrowWindow(t *testing.T) {
	t.Chdir(t.TempDir())
	const text = "policies: [{name: quick, window: 300ms..400ms, delay: 1ms, jitter: 1ms, probe: echo, beats: client, interval: 20ms, server: {detector: fixed, timeout: 380ms}}]"
	if err := os.WriteFile("p.yaml", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := here(t.Context(), "run", "--dry-run", "--policies", "p.yaml", "--policy", "quick", "--window", "300ms..400ms", "--scenario", "half-open-down", "--phases", "1")
	if code != 0 || !strings.Contains(stdout, "half-open-down.quick.300ms..400ms.1") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
}

func TestAFileThatIsWrongEndsEveryCommandFirst(t *testing.T) {
	for _, command := range []string{"run", "list"} {
		t.Chdir(t.TempDir())
		if err := os.WriteFile("s.yaml", []byte("scenarios:\n  - {name: cable-pull}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := here(t.Context(), command, "--scenarios", "s.yaml")
		if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "flatline: --scenarios: s.yaml:2:5: ") {
			t.Errorf("%s: exit code %d, %s%s", command, code, stdout, stderr)
		}
		if _, err := os.Stat("reports"); err == nil {
			t.Errorf("%s: made a folder", command)
		}
	}
}

func TestListHasOwnOnesAndTheNumbersOfAWindow(t *testing.T) {
	policies, scenarios := ownFiles(t)
	for _, row := range []struct {
		name       string
		args       []string
		want, lack []string
	}{
		{
			name: "all", args: nil,
			want: []string{"cable-blink A cable that is out twice", "all policies that beat;", "strict: window", "standard: window", "12s..15s: window 12s..15s, margin 150ms", "patient echo client 2s client: echo-timer timeout 12.75s; server: fixed timeout 14.55s"},
		},
		{
			name: "a window", args: []string{"--window", "12s..15s"},
			want: []string{"12s..15s: window", "fixed echo client 2s both: fixed timeout 14.55s", "patient echo client 2s"},
			lack: []string{"strict: window", "standard: window"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, stdout, stderr := flatline(t, append([]string{"list", "--policies", policies, "--scenarios", scenarios}, row.args...)...)
			words := strings.Join(strings.Fields(stdout), " ")
			if code != 0 || stderr != "" {
				t.Fatalf("exit code %d, %s", code, stderr)
			}
			for _, want := range row.want {
				if !strings.Contains(words, want) {
					t.Errorf("the list does not say %q:\n%s", want, stdout)
				}
			}
			for _, lack := range row.lack {
				if strings.Contains(words, lack) {
					t.Errorf("the list says %q", lack)
				}
			}
		})
	}
	code, stdout, _ := flatline(t, "list", "--profile", "standard")
	if code != 0 || strings.Contains(stdout, "strict: window") || !strings.Contains(stdout, "standard: window") {
		t.Errorf("list --profile standard: exit code %d\n%s", code, stdout)
	}
}

// The command that a record carries finds the user's files, and runs that trial.
func TestOwnTrialsCanBeRepeated(t *testing.T) {
	policies, scenarios := ownFiles(t)
	t.Chdir(t.TempDir())
	r := runCmd{Repeat: 2, Out: "out"}
	r.Seed, r.Set, r.Scenario = new(uint64(7)), []string{"out=1.1*D"}, []string{"cable-blink"}
	r.Policies, r.Scenarios = policies, scenarios
	trials, err := r.trials()
	if err != nil {
		t.Fatal(err)
	}
	for _, trial := range trials {
		words := strings.Fields(strings.ReplaceAll(strings.TrimPrefix(trial.Repeat, "go run ./cmd/flatline "), "'", ""))
		code, stdout, stderr := here(t.Context(), append(words, "--dry-run")...)
		id := strings.TrimSuffix(trial.ID, ".run2") // of the second repetition
		if code != 0 || !strings.HasPrefix(stdout, "1 trial,") || !strings.Contains(stdout, "\n"+id+" ") || !strings.Contains(stdout, fmt.Sprintf(" %d\n", trial.Seed)) {
			t.Errorf("%s: %s: exit code %d, %s%s", trial.ID, trial.Repeat, code, stdout, stderr)
		}
	}
}
