package wild

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// There is no AMQP broker to embed. This is as much of one as a client needs to
// connect: AMQP 0-9-1's handshake, and then a heartbeat every half interval, as
// RabbitMQ sends them.

const (
	frameMethod    = 1
	frameHeartbeat = 8
	frameEnd       = 0xCE
)

// The methods of class connection, which is 10.
const (
	methodStart   = 10
	methodStartOK = 11
	methodTune    = 30
	methodTuneOK  = 31
	methodOpen    = 40
	methodOpenOK  = 41
	methodClose   = 50
	methodCloseOK = 51
)

func serveAMQP(ctx context.Context, c net.Conn) error {
	if _, err := io.ReadFull(c, make([]byte, len("AMQP\x00\x00\x09\x01"))); err != nil {
		return err
	}
	// version 0-9, no properties
	start := []byte{0, 9, 0, 0, 0, 0}
	start = append(start, "\x00\x00\x00\x05PLAIN\x00\x00\x00\x05en_US"...)
	// any number of channels, frames of 128 KiB, RabbitMQ's heartbeat of 60 s
	tune := []byte{0, 0, 0, 2, 0, 0, 0, 60}
	if err := tell(c, methodStart, start); err != nil {
		return err
	}
	if _, err := hear(c, methodStartOK); err != nil {
		return err
	}
	if err := tell(c, methodTune, tune); err != nil {
		return err
	}
	tuned, err := hear(c, methodTuneOK)
	if err != nil {
		return err
	}
	if _, err := hear(c, methodOpen); err != nil {
		return err
	}
	if err := tell(c, methodOpenOK, []byte{0}); err != nil {
		return err
	}
	if len(tuned) != 8 {
		return fmt.Errorf("tune-ok has %d bytes, want 8", len(tuned))
	}
	heartbeat := time.Duration(binary.BigEndian.Uint16(tuned[6:])) * time.Second
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_ = later(ctx, heartbeat/2, func() error {
			_, err := c.Write([]byte{frameHeartbeat, 0, 0, 0, 0, 0, 0, frameEnd})
			return err
		})
	}()
	if _, err := hear(c, methodClose); err != nil {
		return err
	}
	return tell(c, methodCloseOK, nil)
}

// tell sends a method of class connection.
func tell(c net.Conn, method byte, args []byte) error {
	f := []byte{frameMethod, 0, 0}
	f = binary.BigEndian.AppendUint32(f, uint32(4+len(args)))
	f = append(f, 0, 10, 0, method)
	f = append(f, args...)
	_, err := c.Write(append(f, frameEnd))
	return err
}

// hear returns the arguments of the next method of class connection, which has
// to be that one. It passes over heartbeats.
func hear(c net.Conn, method byte) ([]byte, error) {
	for {
		var head [7]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return nil, err
		}
		body := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
		if _, err := io.ReadFull(c, body); err != nil {
			return nil, err
		}
		if head[0] == frameHeartbeat {
			continue
		}
		if head[0] != frameMethod || len(body) < 5 || body[1] != 10 || body[3] != method {
			return nil, fmt.Errorf("got a frame of type %d, % x, want method 10.%d", head[0], body, method)
		}
		return body[4 : len(body)-1], nil
	}
}
