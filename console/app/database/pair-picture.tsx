import { Paper, Text } from '@mantine/core'
import type { Database } from '#contract/data.ts'
import { bytes } from '#runtime/kit/human-units.ts'
import classes from './pair-picture.module.css'

type Standby = Database['standbys'][number]

const lagOf = ({ lagBytes }: Standby) => {
  if (lagBytes === null) return 'how far behind is unknown'
  return lagBytes === 0 ? 'up to date' : `${bytes(lagBytes)} behind`
}

/** The primary and the standbys that would take over. */
export function PairPicture({ database }: { readonly database: Database }) {
  return (
    <ul className={classes.pair} aria-label="Members of the database">
      <Member name={database.primary} title="Primary" detail="takes reads and writes" />
      {database.standbys.map((standby) => (
        <Member
          key={standby.member}
          name={standby.member}
          title={standby.synchronous ? 'Synchronous standby' : 'Standby'}
          detail={`${standby.state}, ${lagOf(standby)}`}
          isFollowing
        />
      ))}
      {database.standbys.length === 0 && (
        <Text component="li" size="sm" c="red">
          No standby is connected.
        </Text>
      )}
    </ul>
  )
}

function Member(props: {
  readonly name: string
  readonly title: string
  readonly detail: string
  readonly isFollowing?: boolean
}) {
  return (
    <li className={classes.member}>
      {props.isFollowing && (
        <span className={classes.arrow} aria-hidden>
          ⟶
        </span>
      )}
      <Paper withBorder p="sm" bg="var(--maru-surface)" flex={1}>
        <Text size="xs" c="dimmed">
          {props.title}
        </Text>
        <Text fw={600} data-live>
          {props.name}
        </Text>
        <Text size="xs" c="dimmed" data-live>
          {props.detail}
        </Text>
      </Paper>
    </li>
  )
}
