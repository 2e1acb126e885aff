package kernel

import (
	"encoding/hex"
	"testing"
)

func FuzzParse(f *testing.F) {
	syn, _ := hex.DecodeString("4500003c1a2b40004006000" + "0c0000202c63364020fa01b58000000640000000" + "0a002faf00000000002040" + "5b40402080a0000000000000000")
	f.Add(syn)
	f.Add([]byte{0x45})
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, ok := parse(b); ok && (p.payload < 0 || !p.src.IsValid()) {
			t.Errorf("%+v", p)
		}
	})
}

func TestParse(t *testing.T) {
	b := make([]byte, 40)
	b[0], b[3], b[9] = 0x45, 47, 6
	copy(b[12:], []byte{192, 0, 2, 2, 198, 51, 100, 2})
	copy(b[20:], []byte{0x0f, 0xa0, 0x1b, 0x58, 0, 0, 1, 2})
	b[32], b[33] = 0x50, flagACK
	p, ok := parse(b)
	if !ok || p.src != ourClient || p.dst != ourServer || p.seq != 258 || p.flags != flagACK || p.payload != 7 {
		t.Errorf("got %+v, %v", p, ok)
	}
	b[9] = 17
	if _, ok := parse(b); ok {
		t.Error("UDP is taken for TCP")
	}
}
