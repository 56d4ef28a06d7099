import { Skeleton } from '@mantine/core'

/** The place of a picture while it is loaded, of the same height: nothing jumps. */
export function ChartPlace({ height }: { readonly height: number }) {
  return <Skeleton height={height} aria-label="Loading a picture" role="img" />
}
