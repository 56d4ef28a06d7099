import { createHash } from 'node:crypto'
import type { Evidence, PromiseStatus, TrustReport } from '#contract/trust.ts'

/** Version of NIST's format that the documents follow; their schemas are in oscal-schemas/. */
export const OSCAL_VERSION = '1.2.1'
/** Namespace of our own properties, as OSCAL wants one. */
const NAMESPACE = 'urn:maru:oscal'

export type Json = { readonly [name: string]: unknown }

/** A UUID of version 5's shape that is always the same for the same name: what it names stays the same thing. */
export function uuidOf(...name: readonly string[]): string {
  const bytes = createHash('sha1')
    .update(`maru:oscal:${JSON.stringify(name)}`)
    .digest()
    .subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Text as OSCAL takes it: one line, not empty, no space at its ends. */
export function line(text: string): string {
  const plain = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
  return plain === '' ? '(no text)' : plain
}

/** A name as OSCAL takes it in ids: no spaces, and no digit at its beginning. */
export function token(text: string): string {
  const plain = text.toWellFormed().replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
  return /^[\p{L}_]/u.test(plain) ? plain : `_${plain}`
}

/** A property of ours. */
export const property = (name: string, value: string): Json => ({ name, ns: NAMESPACE, value: line(value) })

/** OSCAL has no empty lists: what is empty is left out. */
export const unlessEmpty = (name: string, list: readonly unknown[]): Json =>
  list.length === 0 ? {} : { [name]: list }

/** Where controls come from, and which of them a promise answers for. */
export interface ControlSet {
  readonly key: string
  readonly title: string
  readonly about: string
  readonly href?: string
  /** Others wrote the controls, and they ask things of whoever runs the platform too: promises only contribute. */
  readonly foreign: boolean
  controlsOf(promise: PromiseStatus): string[]
}

export const CONTROL_SETS: readonly ControlSet[] = [
  {
    key: 'promises',
    title: 'The promises of the platform',
    about: 'Each promise with its wording and how it is proven stands on the Trust page of the installation.',
    foreign: false,
    controlsOf: ({ id }) => [token(id)],
  },
  {
    key: 'iso27001',
    title: 'ISO/IEC 27001:2022, Annex A',
    about: 'The text of the controls belongs to ISO; this document names their numbers only.',
    href: 'https://www.iso.org/standard/27001',
    foreign: true,
    controlsOf: ({ iso27001 }) => iso27001.map((id) => token(id)),
  },
  {
    key: 'isms-p',
    title: 'ISMS-P',
    about: "The certification criteria of Korea's ISMS-P; this document names their numbers only.",
    href: 'https://isms.kisa.or.kr',
    foreign: true,
    controlsOf: ({ ismsP }) => ismsP.map((id) => token(`ISMS-P-${id}`)),
  },
]

/** The resource in the back matter that stands for a control set. */
export const sourceOf = ({ key }: ControlSet): string => `#${uuidOf('control-set', key)}`

/** Each control of a set with the promises that answer for it, in the report's order. */
export function controlsOf(
  set: ControlSet,
  promises: readonly PromiseStatus[],
): Array<{ readonly control: string; readonly promises: PromiseStatus[] }> {
  const found = new Map<string, PromiseStatus[]>()
  for (const promise of promises)
    for (const control of new Set(set.controlsOf(promise)))
      found.set(control, [...(found.get(control) ?? []), promise])
  return [...found].map(([control, answering]) => ({ control, promises: answering }))
}

/** Every piece of evidence once, although it may speak for several promises. */
export function evidenceOf(promises: readonly PromiseStatus[]): Evidence[] {
  const all = promises.flatMap(({ evidence }) => evidence)
  return [...new Map(all.map((one) => [keyOf(one), one])).values()]
}

const keyOf = ({ source, name, at }: Evidence) => JSON.stringify([source, name, at])

/** A sentence where there is no evidence: silence could be taken for an omission. */
export const NO_EVIDENCE = 'There is no evidence: nothing has checked this yet.'

/** What a judgement about a control of others is worth. */
export const CONTRIBUTION =
  'Judged only by the promises of the platform that contribute to this control. It may ask for more from whoever runs the platform.'

/** The platform itself, as every document names it. */
export const platformUuid = ({ installation }: TrustReport): string => uuidOf('platform', installation)

/** Title, time and versions: what every document begins with. */
export const metadata = (title: string, { at, version }: TrustReport): Json => ({
  title: line(title),
  'last-modified': at,
  version: line(version),
  'oscal-version': OSCAL_VERSION,
})

/** The sources of the controls, and whatever else a document refers to. */
export const backMatter = (...more: readonly Json[]): Json => ({
  resources: [
    ...CONTROL_SETS.map(({ key, title, about, href }) => ({
      uuid: uuidOf('control-set', key),
      title,
      description: about,
      ...(href === undefined ? {} : { rlinks: [{ href }] }),
    })),
    ...more,
  ],
})
