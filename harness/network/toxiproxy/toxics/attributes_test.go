package toxics

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
)

func TestBadAttributesAreRefused(t *testing.T) {
	const here = `"cable": "refused", "stream": "upstream"`
	for _, row := range []struct {
		toxic, attributes string
		want              []string // in the error
	}{
		{CablePullType, `{}`, []string{`"cable"`, "missing", "a name"}},
		{CablePullType, `{"cable": "", "stream": "upstream"}`, []string{`"cable" is ""`, "a name"}},
		{CablePullType, `{"cable": 5, "stream": "upstream"}`, []string{`"cable" is 5`, "a name"}},
		{CablePullType, `{"cable": "refused"}`, []string{`"stream" is missing`, `"upstream", "downstream"`}},
		{CablePullType, `{"cable": "refused", "stream": "up"}`, []string{`"stream" is "up"`, `"upstream", "downstream"`}},
		{CablePullType, `{` + here + `, "cut": "yes"}`, []string{`"cut" is "yes"`, `"none", "this-way", "both-ways"`}},
		{CablePullType, `{` + here + `, "cut": null}`, []string{`"cut" is null`, `"none"`}},
		{CablePullType, `{` + here + `, "cut": "this-way"}`, []string{`"cut"`, "downstream", "first"}},
		{CablePullType, `{` + here + `, "buffer_bytes": 0}`, []string{`"buffer_bytes" is 0`, "1..1073741824"}},
		{CablePullType, `{` + here + `, "buffer_bytes": 1.5}`, []string{`"buffer_bytes" is 1.5`, "whole"}},
		{CablePullType, `{` + here + `, "fault": -1}`, []string{`"fault" is -1`, "0.."}},
		{CablePullType, `{` + here + `, "end": "no"}`, []string{`"end" is "no"`, "true or false"}},
		{CablePullType, `{` + here + `, "idle_ns": 1}`, []string{`"idle_ns" is unknown`, "buffer_bytes, cut"}},
		{IdleDropType, `{` + here + `, "idle_ns": -1}`, []string{`"idle_ns" is -1`, "30 days"}},
		{IdleDropType, `{` + here + `, "idle_ns": 9e18}`, []string{`"idle_ns" is 9e18`, "30 days"}},
		{IdleDropType, `{` + here + `, "idle_ns": 5}`, []string{`"idle_ns"`, "downstream", "first"}},
		{IdleDropType, `{` + here + `, "mode": "loud"}`, []string{`"mode" is "loud"`, `"silent", "reset-on-send", "reset-at-idle"`}},
		{DelayType, `{` + here + `, "latency_ns": "1s"}`, []string{`"latency_ns" is "1s"`, "nanoseconds"}},
		{DelayType, `{` + here + `, "jitter_ns": -1}`, []string{`"jitter_ns" is -1`, "nanoseconds"}},
		{DelayType, `{` + here + `, "law": "pareto"}`, []string{`"law" is "pareto"`, `"uniform", "normal"`}},
		{DelayType, `{` + here + `, "step": "both-ways"}`, []string{`"step"`, "downstream", "first"}},
		{DelayType, `{` + here + `, "seed": -1}`, []string{`"seed" is -1`, "18446744073709551615"}},
	} {
		t.Run(row.toxic+" "+row.attributes, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, "")
				err := l.tryAdd(row.toxic, stream.Upstream, row.attributes)
				if err == nil {
					t.Fatal("accepted")
				}
				for _, w := range row.want {
					if !strings.Contains(err.Error(), w) {
						t.Errorf("error %q doesn't say %q", err, w)
					}
				}
			})
		})
	}
}

func TestUpdatesAreRefusedWholeOrNotAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, `, "buffer_bytes": 99`, CablePullType, DelayType)
		for _, row := range []struct {
			toxic, attributes, want string
		}{
			{"up.cable_pull", `[]`, "not a JSON object"},
			{"up.cable_pull", `{"cut": "both-ways", "fault": "x"}`, `"fault" is "x"`},
			{"up.cable_pull", `{"cut": "both-ways", "buffer_bytes": 100}`, `"buffer_bytes" is 100; accepted, once the toxic exists: 99`},
			{"up.cable_pull", `{"cut": "both-ways", "cable": "other"}`, `"cable" is other`},
			{"up.delay", `{"step": "both-ways", "stream": "downstream"}`, `"stream" is downstream`},
			{"up.delay", `{"step": "both-ways", "seed": 1}`, `"seed" is 1`},
		} {
			err := l.tryUpdate(row.toxic, row.attributes)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s %s: error %v, want one with %s", row.toxic, row.attributes, err, row.want)
			}
		}
		if p := l.proof(); len(p.Strikes) != 0 {
			t.Errorf("strikes %+v", p.Strikes)
		}
	})
}

func TestAToxicTakesItsOwnAnswerBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, IdleDropType, DelayType)
		for _, toxic := range l.proxy.Toxics.GetToxicArray() {
			text, err := json.Marshal(toxic)
			if err != nil {
				t.Fatal(err)
			}
			var answer struct {
				Name       string
				Attributes json.RawMessage
			}
			if err := json.Unmarshal(text, &answer); err != nil {
				t.Fatal(err)
			}
			if err := l.tryUpdate(answer.Name, string(answer.Attributes)); err != nil {
				t.Errorf("%s: %v", answer.Name, err)
			}
		}
	})
}

func TestAToxicWithoutAttributesPassesAll(t *testing.T) {
	for _, kind := range []string{CablePullType, IdleDropType, DelayType} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, "")
				if err := l.tryAdd(kind, stream.Upstream, "null"); err != nil {
					t.Fatal(err)
				}
				k := l.dial()
				k.client.sends("a")
				k.server.sends("1")
				k.server.wants("a")
				k.client.wants("1")
				k.client.hangUp()
				k.server.wantsEnd(0)
			})
		})
	}
}

// A name is free again once its proxy was deleted.
func TestANameMeansTheNewestCable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := newLine(t, "", CablePullType)
		old.dial()
		old.update("up.cable_pull", `{"cut": "both-ways"}`)
		l := newLine(t, "", CablePullType)
		k := l.dial()
		k.client.sends("a")
		k.server.wants("a")
		if p := l.proof(); len(p.Links) != 1 || p.Links[0].Dead {
			t.Errorf("links %+v", p.Links)
		}
	})
}

func TestNamesDoNotKeepCables(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { newLine(t, "", CablePullType) })
	for range 100 {
		runtime.GC()
		cables.Lock()
		_, known := cables.byName[t.Name()]
		cables.Unlock()
		if !known {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the name of a cable that nobody has is still known")
}

func TestProofOfManyLinksIsBounded(t *testing.T) {
	c := newCable()
	p := newPull(c, position{Cable: "x", Stream: "upstream"}, 1)
	new(CablePull).take(p)
	for range maxLinks + 5 {
		c.connect(&p.place, cableGate{}, 1)
	}
	if proof := p.proof(); len(proof.Links) != maxLinks || proof.LeftOut != 5 {
		t.Errorf("%d links and %d left out, want %d and 5", len(proof.Links), proof.LeftOut, maxLinks)
	}
}
