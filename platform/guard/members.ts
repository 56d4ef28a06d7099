/** A member of a set, and how long it stays. */
export interface Member {
  readonly set: string
  readonly address: string
  readonly leftS: number
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1, ms: 0.001 }

const secondsOf = (duration: string) =>
  [...duration.matchAll(/(\d+)(ms|[dhms])/g)].reduce(
    (sum, [, count = '0', unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0),
    0,
  )

/** What the packet filter shows between the braces of each set that has any members. */
export const elementsIn = (
  text: string,
): ReadonlyArray<{ readonly set: string; readonly elements: string }> =>
  text.split(/^\s*set /m).flatMap((part) => {
    const elements = /elements = \{([^}]*)\}/.exec(part)?.[1]
    return elements === undefined ? [] : [{ set: /^\S+/.exec(part)?.[0] ?? '', elements }]
  })

/** Reads what the packet filter shows of sets of addresses whose members end. */
export const parseMembers = (text: string): Member[] =>
  elementsIn(text).flatMap(({ set, elements }) =>
    [...elements.matchAll(/([0-9a-f.:]+(?:\/\d+)?)(?: timeout \S+)? expires ([0-9dhms]+)/g)].map(
      ([, address = '', left = '']) => ({ set, address, leftS: secondsOf(left) }),
    ),
  )
