import type { Database } from '#contract/data.ts'
import { bytes } from '#runtime/kit/human-units.ts'
import { CodeInText } from '../../app-shell/code-in-text.tsx'
import classes from './pair-picture.module.css'

type Standby = Database['standbys'][number]

const lagOf = ({ lagBytes }: Standby) => {
  if (lagBytes === null) return 'how far behind is unknown'
  return lagBytes === 0 ? 'up to date' : `${bytes(lagBytes)} behind`
}

/** The primary and the standbys that would take over. */
export function PairPicture(props: { readonly database: Pick<Database, 'primary' | 'standbys'> }) {
  const { database } = props
  return (
    <ul className={classes.pair} aria-label="Members of the database">
      <Member name={database.primary} title="Primary" detail="takes reads and writes" />
      {database.standbys.map((standby) => (
        <Member
          key={standby.member}
          name={standby.member}
          title={standby.synchronous ? 'Synchronous standby' : 'Standby'}
          detail={`${standby.state}, ${lagOf(standby)}`}
        />
      ))}
      {database.standbys.length === 0 && (
        <li className={classes.alone} data-live>
          <CodeInText text="No standby is connected: nothing takes over if the primary fails. `maru status` says what is wrong." />
        </li>
      )}
    </ul>
  )
}

function Member(props: { readonly name: string; readonly title: string; readonly detail: string }) {
  return (
    <li className={classes.member}>
      <span className={classes.title}>{props.title}</span>
      <strong data-live>{props.name}</strong>
      <span className={classes.detail} data-live>
        {props.detail}
      </span>
    </li>
  )
}
