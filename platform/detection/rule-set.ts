import { ContainerSpec } from '#contract/agent.ts'
import { type AgentConfig, addressesOf, UID } from '#contract/installation.ts'
import { RULE_SET_COMPONENT, type RuleSetWish } from '#contract/rule-set.ts'
import { DETECTOR_MB, type DetectorFiles } from './layout.ts'

/** Numbers that Emerging Threats gives: none of them is one of the platform's own. */
const NUMBERS = { first: 2_000_000, last: 2_999_999 } as const
/** Whether a rule of that number is one of theirs. */
export const isOther = (sid: number): boolean => sid >= NUMBERS.first && sid <= NUMBERS.last
/** What of the set is looked for at most: more would cost what serves. */
export const RULE_SET_MOST = 20_000
const LINE_MOST = 8_000

/** Protocols that the detector takes apart, and what is below them. */
const PROTOCOLS = new Set(['tcp', 'udp', 'ip', 'http', 'tls', 'dns', 'ftp', 'smtp', 'smb'])
/** Kinds that are an attack wherever they are seen; policies, scans and oddities are not among them. */
const CLASSES = new Set([
  ...[
    'trojan-activity',
    'command-and-control',
    'domain-c2',
    'coin-mining',
    'exploit-kit',
    'credential-theft',
  ],
  ...['web-application-attack', 'attempted-admin', 'attempted-user', 'successful-admin', 'successful-user'],
])
/** Reads or keeps files, runs programs, keeps other rules from being looked at, or waits for a rule that may not be here. */
const LEFT_OUT =
  /\b(lua\w*|bypass|dataset|datarep|datajson|iprep|filestore|filemd5|filesha1|filesha256|noalert)\b|\b(flowbits|xbits|hostbits):\s*(isset|isnotset|noalert)/

export interface Selection {
  readonly rules: readonly string[]
  /** Rules of the set that are not looked for. */
  readonly left: number
}

/**
 * What of a fetched set is looked for: rules of which its makers are sure, about grave things, that end in themselves. All others
 * speak up in ordinary traffic, or need what the detector does not take apart.
 */
export function selectRules(text: string): Selection {
  const all = text.split('\n').filter((line) => /^(alert|drop|reject|pass)\s/.test(line))
  const seen = new Set<number>()
  const rules: string[] = []
  for (const line of all) {
    const sid = Number(/[;(]\s*sid:\s*(\d{1,9})\s*;/.exec(line)?.[1])
    if (seen.has(sid) || rules.length >= RULE_SET_MOST || !isWanted(line, sid)) continue
    seen.add(sid)
    rules.push(line)
  }
  return { rules, left: all.length - rules.length }
}

function isWanted(line: string, sid: number): boolean {
  const protocol = /^alert\s+([a-z0-9]+)\s+\S+\s+\S+\s+->\s/.exec(line)?.[1]
  const kind = /[;(]\s*classtype:\s*([a-z0-9-]+)\s*;/.exec(line)?.[1]
  const metadata = /[;(]\s*metadata:([^;]*);/.exec(line)?.[1] ?? ''
  return (
    line.length <= LINE_MOST &&
    isOther(sid) &&
    protocol !== undefined &&
    PROTOCOLS.has(protocol) &&
    kind !== undefined &&
    CLASSES.has(kind) &&
    /\bconfidence High\b/.test(metadata) &&
    /\bsignature_severity (Major|Critical)\b/.test(metadata) &&
    !LEFT_OUT.test(line)
  )
}

/** Lines that Suricata says it does not understand, from 1. */
export const refusedLines = (said: string): number[] =>
  [...said.matchAll(/ at line (\d+)/g)].map(([, line]) => Number(line))

type Config = Pick<AgentConfig, 'installation' | 'home' | 'images' | 'hostCaBundle'>

const withoutRights = ({ installation, images }: Config, work: 'fetch' | 'try') => ({
  name: `${installation.name}-${RULE_SET_COMPONENT}-${work}`,
  component: RULE_SET_COMPONENT,
  image: images.detector,
  entrypoint: [],
  user: `${UID.ruleSet}:${UID.ruleSet}`,
  tmpfs: { '/tmp': 'rw,noexec,nosuid,nodev,size=256m,mode=1777' },
  restart: 'no' as const,
  cpuShares: 256,
  // What it could not read here, the detector could not either.
  memoryMb: DETECTOR_MB.withOthers,
  processes: 32,
})

/** What fetches: it may reach what builds may reach, and writes into its own folder only. */
export const fetchContainer = (config: Config, files: DetectorFiles, { url }: RuleSetWish): ContainerSpec =>
  ContainerSpec.parse({
    ...withoutRights(config, 'fetch'),
    command: [
      ...['suricata-update', 'update', '--no-test', '--no-reload', '--force'],
      ...['--data-dir', '/tmp/data', '--output', files.fetched],
      ...(url === null ? [] : ['--url', url]),
    ],
    env: { HOME: '/tmp', SSL_CERT_FILE: CA },
    networks: [{ name: addressesOf(config.installation).networks.build.name }],
    mounts: [
      { source: files.fetched, target: files.fetched, readOnly: false },
      { source: config.hostCaBundle, target: CA, readOnly: true },
    ],
  })
const CA = '/tmp/ca.crt'

/** What tries a selection before it is used: it reaches nobody. */
export const tryContainer = (config: Config, files: DetectorFiles): ContainerSpec =>
  ContainerSpec.parse({
    ...withoutRights(config, 'try'),
    command: ['suricata', '-T', '-c', files.config, '-S', files.candidate, '-l', '/tmp'],
    networks: [{ name: 'none' }],
    mounts: [{ source: files.folder, target: files.folder, readOnly: true }],
  })
