import type { EventKind } from '#contract/guard.ts'

/** What is looked for, and what is told to people when it is found. */
export interface DetectionRule {
  /** Never given to another rule. */
  readonly sid: number
  readonly kind: EventKind
  /** 1 informational to 5 critical; from 3 on it makes an incident. */
  readonly severity: number
  /** A few words for a list. */
  readonly title: string
  /** Goes on from who did it: "192.0.2.7 sent a request with injected SQL". */
  readonly did: string
  /** What it means, a sentence or two. */
  readonly means: string
  /** What people can do, a sentence or two. */
  readonly advice: string
  /**
   * `in`: a request to an app. `back`: an app's answer. `out`: what an app itself sends to somebody who is not the platform. `asks`:
   * what an app itself asks whomever it is, as for names, which the platform's resolver is asked for.
   * `door`: what an app's container asks the edge in the open, which only the platform's own check does.
   */
  readonly way: 'in' | 'back' | 'out' | 'asks' | 'door'
  readonly protocol: 'http' | 'dns' | 'tcp' | 'udp' | 'tls' | 'ftp' | 'smtp' | 'smb'
  /** Ports of the one who is asked, where that matters. */
  readonly ports?: string
  /** Suricata's options, in order. */
  readonly match: readonly string[]
}

/** A regular expression as one of Suricata's options; what its rule language would take for its own is escaped. */
export const pattern = (text: RegExp): string =>
  `pcre:"/${text.source.replaceAll(/[";]/g, (one) => `\\x${one.charCodeAt(0).toString(16)}`)}/${text.flags}"`

/** Bytes that a packet or a request must contain; what the rule language would take for its own is written as a number. */
export const content = (text: string): string =>
  `content:"${text.replaceAll(/[";:|\\]/g, (one) => `|${one.charCodeAt(0).toString(16)}|`)}"`

/** The same in small and capital letters. */
export const anyCase = (text: string): string[] => [content(text), 'nocase']
