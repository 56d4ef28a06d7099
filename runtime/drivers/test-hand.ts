import type { Nft } from './nft.ts'

/** A filter in which a hand can change something right after the next load, before anybody has looked. */
export function handAfterLoad(nft: Nft): [lateHand: (script: string) => void, nft: Nft] {
  let next = ''
  return [
    (script) => {
      next = `${script}\n`
    },
    {
      ...nft,
      load: async (script) => {
        await nft.load(script)
        const hand = next
        next = ''
        if (hand !== '') await nft.load(hand)
      },
    },
  ]
}
