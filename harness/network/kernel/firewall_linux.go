package kernel

import (
	"errors"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/flatline-go/flatline/heartbeat"
)

// firewall is an nftables table in a namespace: chains of rules that a fault
// brings along, and counters, which outlive the rules.
type firewall struct {
	conn   *nftables.Conn
	table  *nftables.Table
	chains map[hook]*nftables.Chain
}

// hook is where a packet meets rules.
type hook int

const (
	arriving   hook = iota // before the router knows where to
	forwarding             // what goes through
	local                  // what is for the router itself
	leaving                // what leaves a host or the router, once its device is known
	mapping                // what leaves, on the first packet of a flow: its address may be changed
)

// A rule says what happens to packets at a hook. Its words are expressions that
// a packet has to match, one by one, and a verdict.
type rule struct {
	at    hook
	words []expr.Any
}

// newFirewall makes an empty table, which lets everything pass.
func newFirewall(s space) (*firewall, error) {
	var conn *nftables.Conn
	// WithNetNSFd would do the same, but for the error of a socket that cannot be
	// had: it is lost, and the socket nil.
	err := s.on(func() (err error) {
		conn, err = nftables.New(nftables.AsLasting())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open nftables: %w", err)
	}
	f := &firewall{conn: conn, chains: map[hook]*nftables.Chain{}}
	f.table = conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "flatline"})
	for at, c := range map[hook]nftables.Chain{
		arriving:   {Name: "arriving", Hooknum: nftables.ChainHookPrerouting},
		forwarding: {Name: "forwarding", Hooknum: nftables.ChainHookForward},
		local:      {Name: "local", Hooknum: nftables.ChainHookInput},
		leaving:    {Name: "leaving", Hooknum: nftables.ChainHookPostrouting},
	} {
		c.Table, c.Type, c.Priority = f.table, nftables.ChainTypeFilter, nftables.ChainPriorityFilter
		f.chains[at] = conn.AddChain(&c)
	}
	if err := f.commit("make a table"); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// translates lets the firewall change addresses.
func (f *firewall) translates() {
	f.chains[mapping] = f.conn.AddChain(&nftables.Chain{
		Name: "mapping", Table: f.table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
}

func (f *firewall) counter(name string) {
	f.conn.AddObj(&nftables.CounterObj{Table: f.table, Name: name})
}

func (f *firewall) add(rules []rule) {
	for _, r := range rules {
		f.conn.AddRule(&nftables.Rule{Table: f.table, Chain: f.chains[r.at], Exprs: r.words})
	}
}

// replace makes these the only rules at some hooks, at one instant.
func (f *firewall) replace(at []hook, rules []rule) error {
	for _, h := range at {
		f.conn.FlushChain(f.chains[h])
	}
	f.add(rules)
	return f.commit("replace rules")
}

func (f *firewall) commit(what string) error {
	if err := f.conn.Flush(); err != nil {
		return fmt.Errorf("nftables: %s: %w", what, err)
	}
	return nil
}

// count is what a counter says.
type count struct{ packets, bytes int64 }

// counts are what all counters say, by name.
func (f *firewall) counts() (map[string]count, error) {
	objects, err := f.conn.GetObjects(f.table)
	if err != nil {
		return nil, fmt.Errorf("nftables: read the counters: %w", err)
	}
	counts := map[string]count{}
	for _, o := range objects {
		if c, ok := o.(*nftables.CounterObj); ok {
			counts[c.Name] = count{int64(c.Packets), int64(c.Bytes)}
		}
	}
	return counts, nil
}

func (f *firewall) close() error {
	if f == nil {
		return nil
	}
	return f.conn.CloseLasting()
}

// from matches what comes in from a side.
func from(side heartbeat.Side) []expr.Any { return device(expr.MetaKeyIIFNAME, string(side)) }

// toward matches what goes out to a side.
func toward(side heartbeat.Side) []expr.Any { return device(expr.MetaKeyOIFNAME, string(side)) }

func device(key expr.MetaKey, called string) []expr.Any {
	name := make([]byte, unix.IFNAMSIZ)
	copy(name, called)
	return []expr.Any{
		&expr.Meta{Key: key, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: name},
	}
}

// ofTCP matches packets of TCP whose flags under mask are set as given.
func ofTCP(mask, set byte) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_TCP}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 13, Len: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{mask}, Xor: []byte{0}},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{set}},
	}
}

// strange matches packets that conntrack has no flow for, and makes it track
// all the others. One without a flow that it would pick up is none.
func strange() []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Bitwise{
			SourceRegister: 1, DestRegister: 1, Len: 4,
			Mask: binaryutil.NativeEndian.PutUint32(expr.CtStateBitINVALID), Xor: make([]byte, 4),
		},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
	}
}

// lots are what chance draws from: hundredths of a percent.
const lots = 10_000

// byChance matches that share of the packets.
func byChance(percent float64) []expr.Any {
	return []expr.Any{
		&expr.Numgen{Register: 1, Modulus: lots, Type: unix.NFT_NG_RANDOM},
		&expr.Byteorder{SourceRegister: 1, DestRegister: 1, Op: expr.ByteorderHton, Len: 4, Size: 4},
		&expr.Cmp{Op: expr.CmpOpLt, Register: 1, Data: binaryutil.BigEndian.PutUint32(uint32(percent * lots / 100))},
	}
}

func counted(name string) expr.Any { return &expr.Objref{Type: unix.NFT_OBJECT_COUNTER, Name: name} }

func drop() expr.Any { return &expr.Verdict{Kind: expr.VerdictDrop} }

// reset answers with an RST, in the other side's name.
func reset() expr.Any { return &expr.Reject{Type: unix.NFT_REJECT_TCP_RST} }

// masquerade puts the router's address in the client's place, with any port.
func masquerade() expr.Any { return &expr.Masq{FullyRandom: true} }

// words joins what a rule says.
func words(parts ...any) (all []expr.Any) {
	for _, p := range parts {
		switch p := p.(type) {
		case []expr.Any:
			all = append(all, p...)
		case expr.Any:
			all = append(all, p)
		default:
			panic(fmt.Sprintf("kernel: %T in a rule", p))
		}
	}
	return all
}
