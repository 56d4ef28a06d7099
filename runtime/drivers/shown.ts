import type { Nft } from './nft.ts'

/**
 * What the kernel showed of a table after it was loaded, which is what it must show later. A hand may have come between the
 * load and the look: it is sure when the load is the only change of the filter that was told of since, or when the whole table,
 * loaded once more, has shown the same again.
 */
export interface Shown {
  readonly text: string | undefined
  readonly isSure: boolean
  /** How many changes will have been told of if the load was the only one. */
  readonly told?: number | undefined
}

/**
 * What is shown after a load. `told`: changes that were told of before the look that came before it; `before`: what that look
 * showed, where it was what it should be and all of it was loaded again.
 */
export const shownAfter = (
  before: Shown | undefined,
  text: string | undefined,
  told: number | undefined,
): Shown => ({
  text,
  isSure: before !== undefined && before.text === text,
  told: told === undefined ? undefined : told + 1,
})

/** Asked with the next pass, when everything until the look has been told of. */
export const becomesSure = async (nft: Pick<Nft, 'told'>, shown: Shown): Promise<boolean> =>
  shown.isSure || (shown.told !== undefined && shown.told === (await nft.told()))
