import { Incident } from '#contract/detection.ts'

/** Which incidents are shown: the part of the page's address after the question mark. */
export interface IncidentsSearch {
  readonly state?: Incident['state']
}

/** What can't be understood is left out. */
export function parseIncidentsSearch(search: Record<string, unknown>): IncidentsSearch {
  const state = Incident.shape.state.safeParse(search.state)
  return state.success ? { state: state.data } : {}
}
