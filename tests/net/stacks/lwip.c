/* A host whose stack is lwIP: `lwip DEVICE IPV4 IPV6` answers on the TAP device, listening on 22 and 80 for TCP.
 *
 * Built against a library with its own threads (cc lwip.c $(pkg-config --cflags --libs lwip)), or with lwIP's sources and
 * -DNO_SYS=1. Prints "ready"; ends when it is killed. IPv6 only where the library has it. */

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/ip_addr.h>
#include <lwip/netif.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

static const unsigned char hardware[6] = {2, 0x4c, 0x57, 0x49, 0x50, 1};
static const int ports[] = {22, 80};
static char **arguments;
static struct netif link_if;
static int tap;

static int open_tap(const char *name) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  int fd = open("/dev/net/tun", O_RDWR);
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
    perror(name);
    exit(1);
  }
  return fd;
}

static err_t put(struct netif *netif, struct pbuf *packet) {
  unsigned char frame[2048];
  u16_t length = pbuf_copy_partial(packet, frame, sizeof frame, 0);
  (void)netif;
  return write(tap, frame, length) == length ? ERR_OK : ERR_IF;
}

static err_t prepare(struct netif *netif) {
  netif->name[0] = 't', netif->name[1] = 'p';
  netif->output = etharp_output;
#if LWIP_IPV6
  netif->output_ip6 = ethip6_output;
#endif
  netif->linkoutput = put;
  netif->mtu = 1500;
  netif->hwaddr_len = 6;
  memcpy(netif->hwaddr, hardware, 6);
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP | NETIF_FLAG_MLD6;
  return ERR_OK;
}

static err_t accepted(void *unused, struct tcp_pcb *pcb, err_t error) {
  (void)unused;
  if (error == ERR_OK && pcb != NULL)
    tcp_abort(pcb);
  return ERR_ABRT;
}

/* In the stack's own thread, where it has one. */
static void begin(void *input) {
  ip4_addr_t address, mask;
  ip4addr_aton(arguments[2], &address);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  netif_add(&link_if, &address, &mask, IP4_ADDR_ANY4, NULL, prepare, (netif_input_fn)input);
#if LWIP_IPV6
  ip6_addr_t address6;
  ip6addr_aton(arguments[3], &address6);
  netif_create_ip6_linklocal_address(&link_if, 1);
  netif_ip6_addr_set(&link_if, 1, &address6);
  netif_ip6_addr_set_state(&link_if, 1, IP6_ADDR_PREFERRED);
#endif
  netif_set_default(&link_if);
  netif_set_up(&link_if);
  for (unsigned at = 0; at < sizeof ports / sizeof *ports; at++) {
    struct tcp_pcb *pcb = tcp_new();
    tcp_bind(pcb, IP_ANY_TYPE, ports[at]);
    tcp_accept(tcp_listen(pcb), accepted);
  }
  puts("ready");
  fflush(stdout);
}

int main(int count, char **given) {
  if (count != 4)
    return 2;
  arguments = given;
  tap = open_tap(given[1]);
#if NO_SYS
  lwip_init();
  begin(ethernet_input);
#else
  tcpip_init(begin, tcpip_input);
#endif
  for (;;) {
    unsigned char frame[2048];
    struct pollfd ready = {.fd = tap, .events = POLLIN};
    poll(&ready, 1, NO_SYS ? 10 : -1);
    ssize_t length = ready.revents ? read(tap, frame, sizeof frame) : 0;
    struct pbuf *packet = length > 0 ? pbuf_alloc(PBUF_RAW, length, PBUF_POOL) : NULL;
    if (packet != NULL && (pbuf_take(packet, frame, length) != ERR_OK || link_if.input(packet, &link_if) != ERR_OK))
      pbuf_free(packet);
#if NO_SYS
    sys_check_timeouts();
#endif
  }
}
