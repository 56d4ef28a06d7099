import { type DetectionRule, pattern } from './rule.ts'
import { KNOWN_HOLE_RULES } from './rules-known-holes.ts'
import { OUTBOUND_RULES } from './rules-outbound.ts'
import { REQUEST_RULES } from './rules-requests.ts'

/** Path that the platform's own check asks for; behind it is a word by which it knows its question again. */
export const CHECK_PATH = '/maru-detector-check/'

/** What is no attack where it is expected: the check of the detector, and protocols that are not what they seem. */
const OWN_RULES: readonly DetectionRule[] = [
  {
    sid: 7_000_099,
    kind: 'detector check',
    severity: 1,
    title: 'The platform tries its detector',
    did: 'asked what only the platform’s own check asks for',
    means: 'The detector reads the traffic of this host.',
    advice: 'Nothing.',
    way: 'door',
    protocol: 'http',
    match: ['http.uri', pattern(/^\/maru-detector-check\/[a-z0-9]{8,40}$/)],
  },
  {
    sid: 7_000_100,
    kind: 'protocol anomaly',
    severity: 3,
    title: 'Something else at the port of the web',
    did: 'speaks at the port of the web something that is not of the web',
    means: 'Programs hide like that from rules that go by ports.',
    advice: 'If the app means to do so, use the service’s own port; if not, see what `maru logs APP` says.',
    way: 'out',
    protocol: 'tcp',
    ports: '[80,443]',
    match: ['app-layer-protocol:failed', 'threshold:type limit, track by_src, count 1, seconds 60'],
  },
  {
    sid: 7_000_101,
    kind: 'protocol anomaly',
    severity: 3,
    title: 'Malformed questions for names',
    did: 'sends to the port of name servers what is no question for a name',
    means: 'Programs send data like that through the one port that is open to every app.',
    advice: 'See what `maru logs APP` says; a program that needs no names has no business there.',
    way: 'asks',
    protocol: 'udp',
    ports: '53',
    match: ['app-layer-protocol:failed', 'threshold:type limit, track by_src, count 1, seconds 60'],
  },
]

/** Everything that the detector looks for. */
export const DETECTION_RULES: readonly DetectionRule[] = [
  ...OWN_RULES,
  ...REQUEST_RULES,
  ...KNOWN_HOLE_RULES,
  ...OUTBOUND_RULES,
]

const BY_SID = new Map(DETECTION_RULES.map((rule) => [rule.sid, rule]))

/** The rule of that number; undefined where it is none of the platform's. */
export const ruleOf = (sid: number): DetectionRule | undefined => BY_SID.get(sid)
