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

interface Again<S> {
  /** Changes that were told of before the look; not counted while all is surely as it was left. */
  readonly told: number | undefined
  readonly text: string | undefined
  /** It is as it was left, and whether that is sure by now. */
  readonly same: S | undefined
}

/** Looks, with the next pass, whether all is as it was left: everything until the look before has been told of by then. */
export async function lookAgain<S extends Shown>(
  nft: Pick<Nft, 'told'>,
  before: S | undefined,
  look: () => Promise<string | undefined>,
): Promise<Again<S>> {
  if (before?.isSure && before.text === (await look()))
    return { told: undefined, text: before.text, same: before }
  const told = await nft.told()
  const text = await look()
  if (before === undefined || before.text !== text) return { told, text, same: undefined }
  const isSure = before.isSure || (before.told !== undefined && before.told === (await nft.told()))
  return { told, text, same: { ...before, isSure } }
}
