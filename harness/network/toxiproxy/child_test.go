package toxiproxy

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	stock "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// asStock makes the test binary be a Toxiproxy without our toxics. It is a
// process of its own: an update of Toxiproxy's latency is a data race.
const asStock = "FLATLINE_TEST_AS_STOCK_TOXIPROXY"

func TestMain(m *testing.M) {
	if os.Getenv(asStock) != "" {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		fmt.Println(ln.Addr())
		panic(http.Serve(ln, stock.NewServer(stock.NewMetricsContainer(nil), zerolog.Nop()).Routes()))
	}
	goleak.VerifyTestMain(m)
}

// newStockServer runs until the test ends.
func newStockServer(t *testing.T) (address string) {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), asStock+"=1")
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		_ = child.Process.Kill()
		_ = child.Wait() // killed
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
