import { anyCase, content, type DetectionRule, pattern } from './rule.ts'

const outbound = { kind: 'outbound', way: 'out' } as const
const secret = { kind: 'plaintext password', way: 'out', severity: 3 } as const
const BROKEN_IN =
  'Take back what the app may reach (`maru network rules`, `maru network deny`), look at `maru logs APP`, and release it anew from its source.'
const MINING_POOLS =
  /(?:^|\.)(?:minexmr|supportxmr|nanopool|2miners|f2pool|moneroocean|hashvault|nicehash|ethermine|unmineable|c3pool|herominers|minergate|xmrpool)\.(?:com|org|net|pro|eu|stream)$/i
const mining = {
  ...outbound,
  severity: 5,
  title: 'Mining of crypto money',
  did: 'speaks to a pool that mines crypto money',
  means: 'Unless that is what the app is for, somebody has broken in and lets it work for himself.',
  advice: BROKEN_IN,
} as const
const encrypted = 'Use the encrypted way (https, TLS) to that service, and change the password.'

/** What apps themselves send: of somebody who broke in, or careless. Apps reach nothing outside without a rule. */
export const OUTBOUND_RULES: readonly DetectionRule[] = [
  {
    ...mining,
    sid: 7_000_110,
    protocol: 'tcp',
    match: [
      content('"method"'),
      pattern(/"method"\s*:\s*"(?:mining\.(?:subscribe|authorize)|login"\s*,\s*"params"\s*:\s*\{\s*"login)/),
    ],
  },
  { ...mining, sid: 7_000_111, way: 'asks', protocol: 'dns', match: ['dns.query', pattern(MINING_POOLS)] },
  { ...mining, sid: 7_000_112, protocol: 'tls', match: ['tls.sni', pattern(MINING_POOLS)] },
  {
    ...outbound,
    sid: 7_000_120,
    way: 'asks',
    severity: 4,
    title: 'A tunnel through name questions',
    did: 'asked for many long names that look like packed data (DNS tunnel)',
    means: 'Data can leave hidden in questions for names, which every app may ask.',
    advice: BROKEN_IN,
    protocol: 'dns',
    match: [
      'dns.query',
      pattern(/^[a-z0-9+/=_-]{45,63}\.[a-z0-9+/=_.-]{30,}/i),
      'threshold:type both, track by_src, count 8, seconds 60',
    ],
  },
  {
    ...outbound,
    sid: 7_000_130,
    severity: 5,
    title: 'A shell that leads outside',
    did: 'sends the words of a shell to the outside (reverse shell)',
    means: 'Somebody outside types commands into a shell inside the app: it was broken into.',
    advice: BROKEN_IN,
    protocol: 'tcp',
    match: [
      content('job control'),
      pattern(/(?:ba|da|z)?sh: (?:no job control in this shell|can't access tty|\d+: can't access tty)/),
    ],
  },
  {
    ...outbound,
    sid: 7_000_131,
    severity: 4,
    title: 'A program fetched from a bare address',
    did: 'fetched a program from an address without a name',
    means: 'Who breaks in fetches his tools like that; honest programs come from names.',
    advice: BROKEN_IN,
    protocol: 'http',
    match: [
      'http.host',
      pattern(/^\d+\.\d+\.\d+\.\d+$/),
      'http.uri',
      pattern(/[./](?:sh|elf|x86(?:_64)?|mips|mpsl|arm\d?)(?:$|\?)/),
    ],
  },
  {
    ...outbound,
    sid: 7_000_132,
    severity: 4,
    title: 'A chat by which programs are steered',
    did: 'entered a chat (IRC), by which taken-over programs are steered',
    means: 'Unless the app is a chat program, somebody outside gives it orders.',
    advice: BROKEN_IN,
    protocol: 'tcp',
    match: [
      content('NICK '),
      'depth:80',
      content('USER '),
      'distance:0',
      pattern(/(?:^|\n)USER \S+ \S+ \S+ :/),
    ],
  },
  {
    ...outbound,
    sid: 7_000_133,
    severity: 3,
    title: 'Shares of Windows asked for from an app',
    did: 'asked for shared folders of Windows machines',
    means: 'Who has broken in looks for other machines like that; apps rarely need it.',
    advice: BROKEN_IN,
    protocol: 'smb',
    match: ['threshold:type limit, track by_src, count 1, seconds 60'],
  },
  {
    ...secret,
    sid: 7_000_140,
    title: 'A password sent in the open (HTTP)',
    did: 'sends a password unencrypted to a web service',
    means: 'Whoever sits on the way can read it.',
    advice: encrypted,
    protocol: 'http',
    match: ['http.header', ...anyCase('Authorization: Basic ')],
  },
  {
    ...secret,
    sid: 7_000_141,
    title: 'A password sent in the open (FTP)',
    did: 'sends a password unencrypted to a file server',
    means: 'Whoever sits on the way can read it, and the files.',
    advice: encrypted,
    protocol: 'ftp',
    match: [content('PASS '), 'depth:5', 'nocase'],
  },
  {
    ...secret,
    sid: 7_000_142,
    title: 'A password sent in the open (mail)',
    did: 'sends a password unencrypted to a mail server',
    means: 'Whoever sits on the way can read it, and the mails.',
    advice: encrypted,
    protocol: 'smtp',
    match: [...anyCase('AUTH '), pattern(/^AUTH (?:PLAIN|LOGIN)/im)],
  },
]
