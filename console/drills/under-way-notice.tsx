import { Alert, Anchor, Loader } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { DrillList } from '#contract/drills.ts'
import { ago } from '#runtime/kit/human-units.ts'
import { useServerTime } from '../live/use-server-time.ts'

/** Says that a drill is under way, and leads to where it can be watched. */
export function UnderWayNotice({ underWay }: Pick<DrillList, 'underWay'>) {
  const now = useServerTime()
  if (underWay === null) return null
  return (
    <Alert color="iris" variant="light" icon={<Loader size={16} aria-hidden />} role="status">
      <Anchor component={Link} to={`/platform/drills/${underWay.drill}`} size="sm" fw={600}>
        {underWay.drill}
      </Anchor>{' '}
      is under way; <bdi>{underWay.startedBy}</bdi> started it {ago(underWay.startedAt, now)}.
    </Alert>
  )
}
