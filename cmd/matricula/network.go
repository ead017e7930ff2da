package main

import (
	"fmt"
	"net/netip"

	"matricula/internal/account"
)

// networkCommand is what an operator does to client networks.
type networkCommand struct {
	Unlock networkUnlock `cmd:"" help:"Forget at how many addresses a client network failed, and about how many it asked."`
}

// Help shows how they are used.
func (networkCommand) Help() string { return "Example:\n\n    matricula network unlock 203.0.113.80" }

type networkUnlock struct {
	place
	Address string `arg:"" help:"IP address of a client, as the log and matricula events name it."`
}

// Help shows how it is used.
func (networkUnlock) Help() string {
	return `A network is an IPv4 address or an IPv6 /64. That it has met its limits is the event session.addresses-used-up.

Example:

    matricula network unlock 203.0.113.80`
}

// unlocked is what was forgotten of a network.
type unlocked struct {
	Network string `json:"network"`
	Failed  int64  `json:"failed"` // addresses that it failed at
	Asked   int64  `json:"asked"`  // addresses about which it asked the roster
}

// Run unlocks the network.
func (cmd *networkUnlock) Run(c *console) error {
	client, err := netip.ParseAddr(cmd.Address)
	if err != nil {
		return fmt.Errorf("%q is not an IP address, such as 203.0.113.80; matricula events --kind %s shows them", cmd.Address, account.AddressesUsedUp)
	}
	return cmd.look(c, func(d *desk) error {
		failed, asked, err := d.UnlockNetwork(d.ctx, operator, client)
		if err != nil {
			return err
		}
		network := account.NetworkOf(client).String()
		return d.show(unlocked{network, failed, asked},
			"The network %s may try passwords and ask again. It had failed at %s and asked about %d.", network, addresses(failed), asked)
	})
}

// addresses counts them.
func addresses(n int64) string {
	if n == 1 {
		return "1 address"
	}
	return fmt.Sprintf("%d addresses", n)
}
