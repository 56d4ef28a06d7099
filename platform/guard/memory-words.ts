import type { Memory } from './names.ts'

const LATE = 'who searches is noticed late'
const PRESSED = 'who searches is held after twenty packets within a minute, as long as those can be counted'
const REFUSED = `what no rule allows stays refused, and an instance that searches is noticed late`
const PLACES = 'Instances open connections to so many places'
const DOORS = 'Instances ask for so many ports of the host'

/** What it means that a memory of the kernel has no room, and what still holds. */
export const MEMORY_WORDS: Readonly<Record<Memory, string>> = {
  held: `More senders searched for ports than can be held: what they ask of closed ports is dropped one by one, and open ports answer them.`,
  proven:
    'More visitors have completed a connection within a day than can be remembered: nobody is refused for that, but further ones count as unknown, so that holds and limits can meet them.',
  probed: `So many different senders ask for so many ports that no more can be remembered: closed ports stay silent, open ones answer, and ${PRESSED}.`,
  spoken: `So many different senders speak so many protocols that no more can be remembered: what they send by others is dropped, open ports answer, and ${PRESSED}.`,
  denied: `So many different senders ask for closed ports that no more can be counted: closed ports stay silent for them, open ones answer, and ${PRESSED}.`,
  pressed: `While no more can be remembered, so many different senders ask for closed ports that not even their packets can be counted: closed ports stay silent, open ones answer, and ${LATE}.`,
  visited: `So many different senders begin to use so many ports that no more can be remembered: open ports answer, and ${LATE}.`,
  many: `So many different senders begin to use ports that no more can be counted: open ports answer, and ${LATE}.`,
  published: `So many different senders begin to use published ports that no more can be remembered: they are answered, and ${LATE}.`,
  reached:
    'More visitors have completed a connection to a published port within a day than can be remembered: nobody is refused for that, but further ones count as unknown, so that holds can meet them.',
  asked:
    'This host asks so many servers by UDP that no more can be remembered: answers that come late count as questions, so that a server can be told of as one who searches.',
  syn: 'Opening packets come from so many different senders that no more can be limited one by one: they are let through, and the kernel answers them without memory.',
  udp: 'UDP comes from so many different senders that no more can be limited one by one: the limit of all together goes on.',
  ping: 'Pings come from so many different senders that no more can be limited one by one: the limit of all together goes on.',
  inheld: `More instances searched the network than can be held: what they search for is dropped one by one.`,
  inprobed: `${DOORS} that no more can be remembered: ${REFUSED}.`,
  indenied: `${DOORS} that no more can be counted: ${REFUSED}.`,
  inseen: `${PLACES} that no more can be remembered: ${REFUSED}.`,
  inports: `${PLACES} that no more can be counted: ${REFUSED}.`,
  inswept: `${PLACES} of private networks that no more can be remembered: ${REFUSED}.`,
  insweeps: `${PLACES} of private networks that no more can be counted: ${REFUSED}.`,
}

/** Of a name to which rules lead, and for which the resolver has answered too much. */
export const nameIsFull = (name: string): string =>
  `So many addresses were answered for the name ${name} that no more can be let through: apps do not reach further ones until older ones are forgotten, which takes two hours at most.`
