/** As the engine names the bridge of a network that somebody made: by the first digits of the network's number. */
const OF_ENGINE = /^br-[0-9a-f]{12}$/

/**
 * Which of a host's cards are named like the engine's bridges and are none of them, such as `br-lan`: by these, packets come from
 * outside. In order.
 */
export const outwardAmong = (cards: readonly string[]): string[] =>
  cards.filter((card) => /^br-[\w.-]+$/.test(card) && !OF_ENGINE.test(card)).toSorted()
