import { anyCase, content, type DetectionRule, pattern } from './rule.ts'

const request = { kind: 'web attack', way: 'in', protocol: 'http' } as const
const LOOK_AT_APP =
  'See in `maru logs APP` what the app answered. If it builds its queries out of text, use parameters instead.'
const CHECK_PATHS =
  'See in `maru logs APP` what it answered, and whether the app opens files by names that visitors send.'

/** Requests that mean harm to the app that gets them. Ordinary ones have none of these forms: see the test. */
export const REQUEST_RULES: readonly DetectionRule[] = [
  {
    ...request,
    sid: 7_000_001,
    severity: 4,
    title: 'SQL: another query appended',
    did: 'sent a request with injected SQL that reads other tables',
    means: 'Somebody tries whether an app puts visitors’ words into its database queries.',
    advice: LOOK_AT_APP,
    match: [
      'http.uri',
      ...anyCase('union'),
      ...anyCase('select'),
      pattern(
        /(?:['")\d](?:\/\*.{0,40}?\*\/|[\s+])*union(?:\/\*.{0,40}?\*\/|[\s+(])+(?:(?:all|distinct)(?:\/\*.{0,40}?\*\/|[\s+(])+)?select\b)|union[\s+]+(?:all[\s+]+)?select[\s+]+(?:null|\d+|@@|0x|'[^']*'|[a-z_.]+\()[\s+]*(?:,|from\b|--)/i,
      ),
    ],
  },
  {
    ...request,
    sid: 7_000_002,
    severity: 4,
    title: 'SQL: a condition that is always true',
    did: 'sent a request with an injected condition that is always true',
    means: 'Somebody tries to get past a check, such as a login, by changing the database query behind it.',
    advice: LOOK_AT_APP,
    match: [
      'http.uri',
      content('='),
      pattern(
        /['")][\s+]*(?:or|and|\|\|)[\s+]+(?:not[\s+]+)?['"(]*(\w+)['")]*[\s+]*(?:=|like)[\s+]*['"(]*\1\b/i,
      ),
    ],
  },
  {
    ...request,
    sid: 7_000_003,
    severity: 4,
    title: 'SQL: commands and waiting',
    did: 'sent a request with injected SQL that waits, deletes, or looks around in the database',
    means:
      'Somebody tries to make an app’s database run commands; by how long the answer takes they see whether it did.',
    advice: LOOK_AT_APP,
    match: [
      'http.uri',
      pattern(
        /(?:['");,(]|\b(?:and|or|select|if|when|then)[\s+])[\s+]*(?:pg_sleep|sleep|benchmark|dbms_pipe\.receive_message)\([\s+'"]*\d|\bwaitfor[\s+]+delay[\s+]+'|;[\s+]*(?:drop|truncate|alter)[\s+]+(?:table|database)\b|\binformation_schema\.(?:tables|columns|schemata)\b|\bxp_cmdshell\b|\bpg_read_file[\s+]*\(/i,
      ),
    ],
  },
  {
    ...request,
    sid: 7_000_010,
    severity: 4,
    title: 'Path that leads out of the app’s folder',
    did: 'asked for a path that leads out of the app’s folder',
    means: 'Somebody tries to read files of the app or of its image that are not meant for visitors.',
    advice: CHECK_PATHS,
    match: ['http.uri.raw', pattern(/(?:(?:\.|%2e|%252e){2}(?:\/|\\|%2f|%5c|%252f|%255c)){3}/i)],
  },
  {
    ...request,
    sid: 7_000_011,
    severity: 4,
    title: 'A file of the system',
    did: 'asked for a file of the system',
    means: 'Somebody tries to read the list of users, passwords or settings out of the app’s image.',
    advice: CHECK_PATHS,
    match: [
      'http.uri',
      pattern(
        /(?:\/etc\/(?:passwd|shadow|sudoers)|\/proc\/self\/(?:environ|cmdline|maps)|[\\/]win\.ini|[\\/]boot\.ini)(?:$|[&?#])/i,
      ),
    ],
  },
  {
    ...request,
    sid: 7_000_020,
    severity: 4,
    title: 'A command of the shell',
    did: 'sent a request with a command for the shell',
    means:
      'Somebody tries whether an app hands visitors’ words to a shell; whoever succeeds runs programs in it.',
    advice:
      'See in `maru logs APP` what it answered. If the app starts programs, hand their arguments over as a list.',
    match: [
      'http.uri',
      pattern(
        /(?:;|\||&&|`|\$\(|\n)[\s+]*(?:\/(?:usr\/)?bin\/)?(?:(?:ba|z|da)?sh[\s+]+-|python3?[\s+]+-|perl[\s+]+-|cat[\s+]+\/|cat\$\{?IFS|(?:wget|curl)[\s+]+(?:-|https?:)|ping[\s+]+-[cn]|nc(?:at)?[\s+]+(?:-[a-z]|\d)|whoami(?:$|[\s;|&`)])|uname[\s+]+-a)|(?:`|\$\()[\s+]*id[\s+]*(?:`|\))/i,
      ),
    ],
  },
  {
    ...request,
    sid: 7_000_021,
    severity: 4,
    title: 'Shellshock',
    did: 'sent a header with a function for an old shell (Shellshock)',
    means: 'Somebody tries a hole of 2014 in the shell. The platform’s own images do not have it.',
    advice: 'Look at apps with a Dockerfile of their own: a shell that old has to go.',
    match: ['http.header', content('() {'), pattern(/\(\)\s*\{\s*[^}]{0,20}\}\s*;/)],
  },
  {
    ...request,
    sid: 7_000_040,
    severity: 4,
    title: 'A web shell',
    did: 'asked for a web shell, a page by which a broken-in app is steered',
    means: 'Somebody looks for what others may have left behind in an app.',
    advice: 'See in `maru logs APP` whether it answered with 200; then release the app anew from its source.',
    match: [
      'http.uri',
      pattern(
        /\/(?:c99|r57|wso\d*|b374k|webshell|alfa|phpspy|cmd|shell)\.(?:php\d?|jspx?|aspx?|cgi)(?:$|\?)/i,
      ),
    ],
  },
  {
    ...request,
    sid: 7_000_060,
    severity: 3,
    title: 'A script in a request',
    did: 'sent a request with a script in it (cross-site scripting)',
    means: 'Somebody tries whether an app shows visitors’ words to others without making them harmless.',
    advice: 'See that the app escapes what it shows, and sends a Content-Security-Policy.',
    match: [
      'http.uri',
      pattern(
        /<script[\s>/]|<(?:img|svg|body|iframe)[^>]{0,80}\bon(?:error|load|mouseover|focus)\s*=|javascript:(?:alert|eval|document|fetch)\b/i,
      ),
    ],
  },
  {
    ...request,
    sid: 7_000_061,
    severity: 4,
    title: 'An address of the inside',
    did: 'asked an app to fetch an address that only insiders reach',
    means: 'Somebody tries to use the app as a way to a cloud’s credentials or to services beside it.',
    advice: 'The platform lets no app reach these addresses. See that the app fetches only what it knows.',
    match: [
      'http.uri',
      pattern(
        /=(?:https?:\/\/)?(?:169\.254\.169\.254|metadata\.google\.internal|\[?fd00:ec2::254)|=(?:gopher|dict|ldap):\/\/|=file:\/\/\/(?:etc|proc)\//i,
      ),
    ],
  },
  {
    ...request,
    sid: 7_000_062,
    severity: 4,
    title: 'XML that reads files',
    did: 'sent XML that would read files or addresses (XXE)',
    means: 'Somebody tries whether an app’s XML reader follows what visitors tell it to.',
    advice: 'Turn external entities off in the app’s XML reader.',
    match: [
      'http.request_body',
      ...anyCase('<!ENTITY'),
      pattern(/<!ENTITY\s+(?:%\s*)?\S{1,60}\s+(?:SYSTEM|PUBLIC)\s/i),
    ],
  },
  {
    ...request,
    sid: 7_000_064,
    severity: 3,
    title: 'A sum for a template',
    did: 'sent a sum to see whether the app works it out (template injection)',
    means: 'Somebody tries whether an app runs visitors’ words as a template.',
    advice: 'Hand visitors’ words to templates as values, never as the template.',
    match: ['http.uri', pattern(/(?:\{\{|\$\{|<%=|#\{)\s*\d{1,6}\s*\*\s*\d{1,6}\s*(?:\}\}?|%>)/)],
  },
]
