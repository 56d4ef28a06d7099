import { Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Act } from '#contract/audit.ts'
import cells from '../app/cells.module.css'
import { DataTable } from '../app-shell/data-table.tsx'
import { PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { type ActWord, wordsOf } from './act-links.ts'
import classes from './acts-table.module.css'

const COLUMNS = ['When', 'Who', 'What', 'To what', 'Result'] as const

/** Acts, each with links to what it was about. */
export function ActsTable({ acts }: { readonly acts: readonly Act[] }) {
  if (acts.length === 0)
    return (
      <PanelBody>
        <Text size="sm" role="status">
          Nothing was found.
        </Text>
      </PanelBody>
    )
  return (
    <DataTable label="Who did what" columns={COLUMNS} minWidth={860}>
      {acts.map((act) => (
        <ActRow key={act.id} act={act} />
      ))}
    </DataTable>
  )
}

function ActRow({ act }: { readonly act: Act }) {
  const { at, who, source, what, action, result, code } = act
  return (
    <tr>
      <td className={cells.end} style={{ textAlign: 'start' }}>
        <time dateTime={at}>{at.slice(0, 19).replace('T', ' ')}</time>
      </td>
      <td>
        <Link to="/platform/audit" search={{ who }} className={cells.name}>
          <bdi>{who}</bdi>
        </Link>
        <span className={cells.below}>{source === 'local' ? 'on the host' : <bdi>from {source}</bdi>}</span>
      </td>
      <td className={classes.what}>
        {what}
        <span className={cells.below}>{action}</span>
      </td>
      <td className={classes.words}>
        {wordsOf(act).map((word) => (
          <Word key={word.name} word={word} />
        ))}
      </td>
      <td>
        <StateBadge state={result} />
        {code !== null && <span className={cells.below}>{code}</span>}
      </td>
    </tr>
  )
}

const Word = ({ word: { name, text, link } }: { readonly word: ActWord }) => (
  <span className={classes.word}>
    <span className={cells.aside}>{name}</span>{' '}
    {link === undefined ? (
      <bdi>{text}</bdi>
    ) : (
      <Link {...link}>
        <bdi>{text}</bdi>
      </Link>
    )}
  </span>
)
