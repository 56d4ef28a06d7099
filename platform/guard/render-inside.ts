import { KERNEL_LIMITS } from './limits.ts'
import { type Chains, FLOODED, KEPT_OUT, type Place, tell, tellFull, webPorts } from './rules.ts'

const { insidePairs, insidePorts } = KERNEL_LIMITS
const PAIRS = `limit rate over ${insidePairs}/minute burst ${insidePairs} packets`
const PORTS = `limit rate over ${insidePorts}/hour burst ${insidePorts} packets`
const PRIVATE = '{ 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 }'

/** Source, destination and port of what an instance opens. */
export const PAIR = 'ip saddr . ip daddr . th dport'
const [ASKED, KNOWN] = ['ip saddr . meta l4proto . th dport', 'ip saddr . ip daddr']

/**
 * What comes from instances and builds. What they may reach is decided elsewhere; here a search is noticed. A memory without
 * room shuts nobody in, because one instance could fill it; people hear of it.
 */
export const insideChains = (place: Place, group: number): Chains => [
  [
    'g_inside',
    [
      'add @inheld { ip saddr }',
      `ip saddr != @inheld ${tellFull(group, 'inheld')}`,
      tell(group, 'inside', 10),
      `${FLOODED} drop`,
    ],
  ],
  [
    'g_asked',
    [
      `update @indenied { ip saddr ${PORTS} } jump g_inside`,
      `ip saddr != @indenied ${tellFull(group, 'indenied')}`,
    ],
  ],
  [
    'g_instance',
    [
      'ct state established,related return',
      'meta l4proto != { tcp, udp } return',
      'th dport 53 return',
      `tcp dport { ${webPorts(place)} } return`,
      `${ASKED} @inprobed return`,
      // Who searches on fills no memory.
      `ip saddr @inheld ${KEPT_OUT} drop`,
      `add @inprobed { ${ASKED} } goto g_asked`,
      `meta nfproto ipv4 ${tellFull(group, 'inprobed')}`,
    ],
  ],
  [
    'g_sweeps',
    [
      `update @insweeps { ip saddr ${PAIRS} } jump g_inside`,
      `ip saddr != @insweeps ${tellFull(group, 'insweeps')}`,
    ],
  ],
  [
    'g_swept',
    [
      `ip daddr != ${PRIVATE} return`,
      `${KNOWN} @inswept return`,
      `add @inswept { ${KNOWN} } goto g_sweeps`,
      `meta nfproto ipv4 ${tellFull(group, 'inswept')}`,
    ],
  ],
  [
    'g_pair',
    [
      `update @inports { ${KNOWN} ${PAIRS} } jump g_inside`,
      `${KNOWN} != @inports ${tellFull(group, 'inports')}`,
      'goto g_swept',
    ],
  ],
]
