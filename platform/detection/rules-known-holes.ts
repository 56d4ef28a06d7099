import { anyCase, content, type DetectionRule, pattern } from './rule.ts'

const request = { kind: 'web attack', way: 'in', protocol: 'http' } as const
/** `${jndi:`, and the ways to write it that are used to get past filters. */
const JNDI = /\$\{(?:jndi:|(?:[^}]{0,20}\$\{(?:lower|upper|env|sys|date|::-|:)[^}]{0,30}\}){1,8})/i
const log4shell = {
  ...request,
  severity: 5,
  title: 'Log4Shell',
  did: 'sent a lookup that makes old versions of Log4j load a program (Log4Shell)',
  means:
    'A Java app with Log4j before 2.17 would run a program of the attacker’s. Apps of other languages are safe.',
  advice: 'If the app is written in Java, make sure that its Log4j is 2.17.1 or newer.',
} as const
const spring = {
  ...request,
  severity: 5,
  title: 'Spring4Shell',
  did: 'sent a request that takes over old versions of Spring (Spring4Shell)',
  means: 'A Java app with Spring before 5.3.18 could be made to write a page by which it is steered.',
  advice: 'If the app is written with Spring, make sure that it is 5.3.18 or newer.',
} as const

/** Known holes, who searches for them, and answers that show that somebody was let in. */
export const KNOWN_HOLE_RULES: readonly DetectionRule[] = [
  { ...log4shell, sid: 7_000_030, match: ['http.uri', content('${'), pattern(JNDI)] },
  { ...log4shell, sid: 7_000_031, match: ['http.header', content('${'), pattern(JNDI)] },
  { ...log4shell, sid: 7_000_032, match: ['http.request_body', content('${'), pattern(JNDI)] },
  { ...spring, sid: 7_000_063, match: ['http.uri', ...anyCase('class.module.classLoader')] },
  { ...spring, sid: 7_000_065, match: ['http.request_body', ...anyCase('class.module.classLoader')] },
  {
    ...request,
    kind: 'web probe',
    sid: 7_000_050,
    severity: 2,
    title: 'A file that is never meant for visitors',
    did: 'asked for a file that is never meant for visitors',
    means:
      'Programs go from address to address and look for secrets and administration pages that were left open. It happens daily.',
    advice:
      'Nothing, unless the app answered with 200: then take the file away and change the secrets in it.',
    match: [
      'http.uri',
      pattern(
        /\/(?:\.env(?:\.[a-z]+)?|\.git\/(?:config|HEAD)|\.aws\/credentials|\.ssh\/id_[a-z0-9]+|\.docker\/config\.json|HNAP1\/?|boaform\/\S*|actuator\/(?:env|heapdump)|_ignition\/execute-solution|cgi-bin\/luci\S*|\S*eval-stdin\.php)(?:$|\?)/,
      ),
    ],
  },
  {
    ...request,
    kind: 'web probe',
    sid: 7_000_051,
    severity: 3,
    title: 'A program that searches for holes',
    did: 'searched the app with a program made for finding holes',
    means: 'Somebody examines the app as a whole and does not hide it.',
    advice:
      'If it is a test that you agreed on, say so with `maru network engagement add`; if not, block the source.',
    match: [
      'http.user_agent',
      pattern(
        /\b(?:sqlmap|nikto|nuclei|masscan|zgrab|wpscan|dirbuster|gobuster|ffuf|acunetix|nessus|openvas|w3af|havij|feroxbuster|wfuzz)\b/i,
      ),
    ],
  },
  {
    sid: 7_000_070,
    kind: 'break-in',
    severity: 5,
    title: 'An app hands out the list of users',
    did: 'got a file of the system as an answer',
    means: 'The app has answered with the system’s list of users: whoever asked can read files of its image.',
    advice:
      'Roll back or take the app off the edge (`maru scale APP web=0`), then find the page that opens files by name.',
    way: 'back',
    protocol: 'http',
    match: ['http.response_body', content('root:x:0:0:'), 'startswith'],
  },
]
