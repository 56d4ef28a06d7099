import type { Installation } from '#contract/installation.ts'
import { logGroupOf, portTableOf } from './names.ts'

/** The host's end of an instance's link, and what may come out of it. */
export interface BoundPort {
  readonly link: string
  readonly card: string
  readonly address: string
}

const CHAINS = ['p_tell', 'p_pre', 'p_post'] as const
const HOOK = 'type filter hook prerouting priority -300; policy accept;'
const LAST_HOOK = 'type filter hook postrouting priority 300; policy accept;'

/**
 * Binds each instance's port, hardware address and address on the bridge: a frame that claims to be another's never
 * gets past its port, nor does an answer to "who has this address" that is not true. These networks have no IPv6;
 * whoever speaks it there has nobody to speak to. And an instance hears nothing that is for another alone: while a bridge does not
 * know who is where, it sends a frame to everybody. The kernel tells of a frame by its bridge, so that the port is in
 * what it says. One transaction; a port that is not named is not touched.
 */
export function renderPorts(installation: Pick<Installation, 'id'>, ports: readonly BoundPort[]): string {
  const table = `bridge ${portTableOf(installation)}`
  const sorted = [...ports].sort((a, b) => (a.link < b.link ? -1 : 1))
  const links = unique(sorted.map(({ link }) => link))
  const group = logGroupOf(installation)
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
${sets.map(({ name, type }) => `  set ${name} { typeof ${type}; }\n`).join('')}  chain p_tell { }
  chain p_pre { ${HOOK} }
  chain p_post { ${LAST_HOOK} }
}
${CHAINS.map((name) => `flush chain ${table} ${name}\n`).join('')}${sets.map(({ name }) => `flush set ${table} ${name}\n`).join('')}table ${table} {
${sets.map(({ text }) => text).join('')}  chain p_tell {
${links.map((link) => `    iifname "${link}" limit rate 5/second burst 20 packets log prefix "spoof ${link}" group ${group}\n`).join('')}    counter drop
  }
  chain p_pre {
    iifname != @ports accept
    iifname . ether saddr != @cards jump p_tell
    meta protocol ip iifname . ether saddr . ip saddr @places accept
    meta protocol arp iifname . arp saddr ether . arp saddr ip @places accept
    meta protocol { ip, arp } jump p_tell
    icmpv6 type { nd-router-advert, nd-neighbor-advert, nd-redirect } jump p_tell
    counter drop
  }
  chain p_post {
    oifname != @ports accept
    oifname . ether daddr @cards accept
    ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 accept
    counter drop
  }
}
`
}

const unique = (elements: readonly string[]) => [...new Set(elements)]

function set(name: string, type: string, elements: readonly string[]) {
  const members = elements.length === 0 ? '' : ` elements = { ${elements.join(', ')} }`
  return { name, type, text: `  set ${name} { typeof ${type};${members} }\n` }
}
