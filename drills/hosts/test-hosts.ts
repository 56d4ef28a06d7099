import type { LabHost } from './hosts-place.ts'

/** A host of a lab, by the name that labs give; the first of all is dc1-h1. */
export const testHost = (name: string): LabHost => ({
  name,
  dataCentre: name.slice(0, 3),
  address: '198.18.1.1',
  full: name !== 'witness',
  first: name === 'dc1-h1',
})

/** One host in each data centre, and two. */
export const SMALL_LAB = ['dc1-h1', 'dc2-h1', 'witness'].map(testHost)
export const LARGE_LAB = ['dc1-h1', 'dc1-h2', 'dc2-h1', 'dc2-h2', 'witness'].map(testHost)
