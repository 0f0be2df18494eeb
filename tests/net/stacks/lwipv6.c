/* A host whose stack is LWIPv6 (View-OS, a fork of lwIP): `lwipv6 DEVICE IPV4 IPV6`, as lwip.c. */

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <lwipv6.h>

static const int ports[] = {22, 80};

static void add(struct netif *netif, int family, const char *text, int prefix) {
  unsigned char bytes[16] = {[10] = 0xff, 0xff}, mask[16];
  struct ip_addr address, its_mask;
  inet_pton(family, text, family == AF_INET ? bytes + 12 : bytes);
  for (int bit = 0; bit < 128; bit++) {
    mask[bit / 8] = bit % 8 ? mask[bit / 8] : 0;
    if (bit < prefix)
      mask[bit / 8] |= 0x80 >> bit % 8;
  }
  memcpy(&address, bytes, 16);
  memcpy(&its_mask, mask, 16);
  lwip_add_addr(netif, &address, &its_mask);
}

int main(int count, char **given) {
  if (count != 4)
    return 2;
  struct stack *stack = lwip_stack_new();
  struct netif *netif = lwip_tapif_add(stack, given[1]);
  if (netif == NULL)
    return 1;
  add(netif, AF_INET, given[2], 96 + 24);
  add(netif, AF_INET6, given[3], 64);
  lwip_ifup(netif);
  for (unsigned at = 0; at < sizeof ports / sizeof *ports; at++) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(ports[at])};
    int fd = lwip_msocket(stack, AF_INET, SOCK_STREAM, 0);
    if (lwip_bind(fd, (struct sockaddr *)&own, sizeof own) < 0 || lwip_listen(fd, 8) < 0)
      return 1;
  }
  puts("ready");
  fflush(stdout);
  for (;;)
    pause();
}
