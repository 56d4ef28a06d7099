import { MESH_PORT, PEER_PORT } from '#contract/fleet.ts'
import { AGENT_PORT } from '#contract/host-identity.ts'
import { addressesOf, INSTANCE_PORT, type Installation } from '#contract/installation.ts'
import type { NetworkGroup, NetworkRule } from '#contract/network.ts'

type Row = readonly [
  from: NetworkGroup,
  to: NetworkGroup,
  ports: readonly number[],
  reason: string,
  protocol?: 'udp',
]

/** What a machine needs when it is locked down. */
const OF_THE_MACHINE: readonly Row[] = [
  ['host', 'resolver', [53], 'names', 'udp'],
  ['host', 'resolver', [53], 'names whose answer is long'],
  ['host', 'internet', [80, 443], 'packages and images of the machine'],
  ['host', 'private', [80, 443], 'packages and images of the machine, from a mirror of the own network'],
  ['host', 'internet', [53, 67, 123], 'names, the address lease and the time', 'udp'],
  ['host', 'private', [53, 67, 123], 'names, the address lease and the time', 'udp'],
]

/** What the platform itself needs. A rule that nobody can give a reason for has no place here. */
function rowsOf({ ports, name, subnet }: Pick<Installation, 'ports' | 'name' | 'subnet'>): Row[] {
  const { controlPort, etcdPorts, postgresPort, patroniPort } = addressesOf({ name, subnet })
  const web = [...new Set([ports.http, ports.https])]
  const etcd = [etcdPorts.client, etcdPorts.peer]
  const pair = [postgresPort, patroniPort]
  return [
    ['internet', 'edge', web, 'visitors reach the apps and the console'],
    ['private', 'edge', web, 'visitors of private networks reach the apps and the console'],
    ['hosts', 'edge', [...web, PEER_PORT], 'edges pass requests on to the host that has an instance'],
    ['hosts', 'agent', [AGENT_PORT], 'a control plane on another host gives this one its state'],
    ['hosts', 'mesh', [MESH_PORT], 'parts of the platform on other hosts reach those of this one'],
    ['edge', 'apps', [INSTANCE_PORT], 'the edge passes requests on to instances and checks their health'],
    ['edge', 'control', [controlPort], 'the edge passes requests of people on to the control plane'],
    ['edge', 'hosts', [PEER_PORT], 'the edge passes requests on to the host that has an instance'],
    ['agent', 'store', etcd, 'the agent frees the lead of a dead primary and looks after etcd’s members'],
    ['agent', 'database', pair, 'the agent looks after the members of the pair'],
    ['agent', 'proxy', [postgresPort], 'the first database and its role are made by root'],
    ['agent', 'control', [controlPort], 'root asks the control plane whether it answers'],
    ['agent', 'apps', [INSTANCE_PORT], 'root looks at an instance without the edge'],
    ['agent', 'hosts', [AGENT_PORT, MESH_PORT, ...web], 'hosts ask each other, and a new one joins'],
    ['mesh', 'store', etcd, 'the door leads other hosts to etcd'],
    ['mesh', 'database', pair, 'the door leads other hosts to the members of the pair'],
    ['mesh', 'control', [controlPort], 'the door leads other hosts to the control plane'],
    ['way', 'hosts', [MESH_PORT], 'a way leads to the host that has the part it stands for'],
    ['control', 'proxy', [postgresPort], 'the control plane keeps its state in the database'],
    ['control', 'database', pair, 'the control plane asks the pair’s keepers and measures their copies'],
    ['control', 'store', [etcdPorts.client], 'the control plane tries whether the store refuses strangers'],
    [
      'control',
      'hosts',
      [AGENT_PORT, ...web],
      'the control plane asks the agents and the edges of other hosts',
    ],
    ['control', 'internet', [AGENT_PORT], 'a machine that is to join is tried before it belongs'],
    [
      'control',
      'private',
      [AGENT_PORT],
      'a machine of the own network that is to join is tried before it belongs',
    ],
    ['control', 'edge', web, 'the control plane tries the edge as a visitor does'],
    ['proxy', 'database', pair, 'the proxy asks who is the primary and leads there'],
    ['database', 'database', pair, 'the standby copies the primary'],
    ['database', 'store', [etcdPorts.client], 'the pair’s keepers agree on who leads'],
    ['store', 'store', etcd, 'etcd’s members agree'],
    ['apps', 'proxy', [postgresPort], 'an app reaches its own database'],
    ['apps', 'edge', web, 'an app asks other apps as everybody does'],
    ['apps', 'hosts', web, 'an app asks other apps, at the edge of another host'],
    ['apps', 'names', [53], 'names that rules allow', 'udp'],
    ['builder', 'resolver', [53], 'names', 'udp'],
    ['builder', 'resolver', [53], 'names whose answer is long'],
    ['builder', 'internet', [80, 443], 'packages come from registries'],
    ['builder', 'private', [80, 443], 'packages come from a registry or a proxy of the own network'],
    ['builder', 'edge', web, 'packages come from a registry that is an app'],
    ...OF_THE_MACHINE,
  ]
}

/** The platform's own rules for an installation, as rules like everybody's. */
export function builtInRules(installation: Pick<Installation, 'ports' | 'name' | 'subnet'>): NetworkRule[] {
  return rowsOf(installation).map(
    ([from, to, ports, reason, udp]): NetworkRule => ({
      id: `${from}-to-${to}${udp === undefined ? '' : '-udp'}`,
      from,
      to,
      protocol: udp ?? 'tcp',
      ports: ports.map(String),
      reason,
      approvedBy: 'built in',
      until: null,
      builtIn: true,
    }),
  )
}
