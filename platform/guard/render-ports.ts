import { addressesOf } from '#contract/installation.ts'
import { logGroupOf, portTableOf } from './names.ts'
import type { Place } from './render-host.ts'

/** The host's end of an instance's link, and what may come out of it. */
export interface BoundPort {
  readonly link: string
  readonly card: string
  readonly address: string
}

const CHAINS = ['p_tell', 'p_new', 'p_pre', 'p_post'] as const

/** Addresses of those who are about to start. Never emptied: each ends by itself. */
const COMING = '  set coming { typeof ip saddr; flags timeout; }\n'
/** Longer than the longest pass after which its port is bound. */
export const COMING_S = 120
const HOOK = 'type filter hook prerouting priority -300; policy accept;'
const LAST_HOOK = 'type filter hook postrouting priority 300; policy accept;'

/**
 * Binds each instance's port, hardware address and address on the bridge: a frame that claims to be another's never
 * gets past its port, nor does an answer to "who has this address" that is not true. These networks have no IPv6;
 * whoever speaks it there has nobody to speak to. And an instance hears nothing that is for another alone: while a bridge does not
 * know who is where, it sends a frame to everybody, and whoever believed an untruth that was told before a port was bound sends
 * another's packets there. The kernel tells of a frame by its bridge, so that the port is in what it says. One transaction.
 *
 * From a port that is not bound yet nobody speaks as an address of the apps' network, but who is about to start there, and
 * the platform's own part, which may start while there is no agent. Other addresses are other networks' (not every kernel
 * knows a port's bridge), and what comes from the apps' bridge with one is forged: the rules of who may reach whom drop it.
 *
 * Nearly every frame is honest IPv4 of a bound port: that is looked for first, and costs one look-up.
 */
export function renderPorts(installation: Place, ports: readonly BoundPort[]): string {
  const table = `bridge ${portTableOf(installation)}`
  const sorted = [...ports].sort((a, b) => (a.link < b.link ? -1 : 1))
  const links = unique(sorted.map(({ link }) => link))
  const group = logGroupOf(installation)
  const { networks, pgproxy } = addressesOf(installation)
  const sets = [
    set(
      'ports',
      'iifname',
      links.map((link) => `"${link}"`),
    ),
    set('cards', 'iifname . ether saddr', unique(sorted.map(({ link, card }) => `"${link}" . ${card}`))),
    set(
      'places',
      'iifname . ether saddr . ip saddr',
      unique(sorted.map(({ link, card, address }) => `"${link}" . ${card} . ${address}`)),
    ),
  ]
  return `table ${table} {
${sets.map(({ name, type }) => `  set ${name} { typeof ${type}; }\n`).join('')}${COMING}  chain p_tell { }
  chain p_new { }
  chain p_pre { ${HOOK} }
  chain p_post { ${LAST_HOOK} }
}
${CHAINS.map((name) => `flush chain ${table} ${name}\n`).join('')}${sets.map(({ name }) => `flush set ${table} ${name}\n`).join('')}table ${table} {
${sets.map(({ text }) => text).join('')}  chain p_tell {
${links.map((link) => `    iifname "${link}" limit rate 5/second burst 20 packets log prefix "spoof ${link}" group ${group}\n`).join('')}    counter drop
  }
  chain p_new {
    meta protocol != { ip, arp } accept
    meta protocol ip ip saddr != ${networks.apps.subnet} accept
    meta protocol arp arp saddr ip != ${networks.apps.subnet} accept
    meta protocol ip ip saddr { ${pgproxy.apps} } accept
    meta protocol ip ip saddr @coming accept
    meta protocol arp arp saddr ip { ${pgproxy.apps} } accept
    meta protocol arp arp saddr ip @coming accept
    counter drop
  }
  chain p_pre {
    meta protocol ip iifname . ether saddr . ip saddr @places accept
    iifname != @ports goto p_new
    iifname . ether saddr != @cards jump p_tell
    meta protocol arp iifname . arp saddr ether . arp saddr ip @places accept
    meta protocol { ip, arp } jump p_tell
    icmpv6 type { nd-router-advert, nd-neighbor-advert, nd-redirect } jump p_tell
    counter drop
  }
  chain p_post {
    meta protocol ip oifname . ether daddr . ip daddr @places accept
    oifname != @ports accept
    meta protocol != ip oifname . ether daddr @cards accept
    ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 accept
    counter drop
  }
}
`
}

/** Lets whoever gets an address speak as that until its port is bound, for so long. */
export function renderComing(installation: Pick<Place, 'id'>, address: string, seconds = COMING_S): string {
  const table = `bridge ${portTableOf(installation)}`
  const element = (timeout: string) => `element ${table} coming { ${address}${timeout} }\n`
  // Its time is changed by making it anew.
  return `table ${table} {\n${COMING}}\nadd ${element('')}delete ${element('')}add ${element(` timeout ${seconds}s`)}`
}

/** What the kernel shows of the table, without those who are about to start: they end by themselves. */
export const withoutComing = (shown: string | undefined) =>
  shown?.replace(/\tset coming \{\n(?:\t\t.*\n)*\t\}\n/, '')

const unique = (elements: readonly string[]) => [...new Set(elements)]

function set(name: string, type: string, elements: readonly string[]) {
  const members = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} }`
  return { name, type, text: `  set ${name} { typeof ${type};${members} }\n` }
}
