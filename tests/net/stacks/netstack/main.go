// A host whose stack is gVisor's netstack: "netstack DEVICE IPV4 IPV6 [sack]" answers on the TAP device, listening on 22 and 80
// for TCP. With "sack" it permits selective acknowledgement, as gVisor's own sandbox does; the library alone does not. Prints
// "ready"; ends when it is killed.
package main

import (
	"fmt"
	"log"
	"net"
	"os"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/link/tun"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

func need(what string, err interface{}) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

func main() {
	fd, err := tun.OpenTAP(os.Args[1])
	need("tap", err)
	link, err := fdbased.New(&fdbased.Options{
		FDs: []int{fd}, MTU: 1500, EthernetHeader: true, Address: tcpip.LinkAddress("\x02gvsr\x01"),
	})
	need("link", err)
	host := stack.New(stack.Options{
		NetworkProtocols: []stack.NetworkProtocolFactory{arp.NewProtocol, ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{
			tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4, icmp.NewProtocol6,
		},
	})
	if permit := tcpip.TCPSACKEnabled(true); len(os.Args) > 4 {
		if terr := host.SetTransportProtocolOption(tcp.ProtocolNumber, &permit); terr != nil {
			log.Fatal(terr)
		}
	}
	if terr := host.CreateNIC(1, link); terr != nil {
		log.Fatal(terr)
	}
	addresses := []struct {
		protocol tcpip.NetworkProtocolNumber
		bytes    []byte
		prefix   int
	}{
		{ipv4.ProtocolNumber, net.ParseIP(os.Args[2]).To4(), 24},
		{ipv6.ProtocolNumber, net.ParseIP(os.Args[3]).To16(), 64},
	}
	for _, one := range addresses {
		address := tcpip.AddressWithPrefix{Address: tcpip.Address(one.bytes), PrefixLen: one.prefix}
		given := tcpip.ProtocolAddress{Protocol: one.protocol, AddressWithPrefix: address}
		if terr := host.AddProtocolAddress(1, given, stack.AddressProperties{}); terr != nil {
			log.Fatal(terr)
		}
	}
	host.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: 1}, {Destination: header.IPv6EmptySubnet, NIC: 1},
	})
	for _, one := range addresses {
		for _, port := range []uint16{22, 80} {
			var queue waiter.Queue
			socket, terr := host.NewEndpoint(tcp.ProtocolNumber, one.protocol, &queue)
			if terr != nil {
				log.Fatal(terr)
			}
			if terr := socket.Bind(tcpip.FullAddress{NIC: 1, Addr: tcpip.Address(one.bytes), Port: port}); terr != nil {
				log.Fatal(terr)
			}
			if terr := socket.Listen(16); terr != nil {
				log.Fatal(terr)
			}
		}
	}
	fmt.Println("ready")
	select {}
}
