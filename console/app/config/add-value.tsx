import { Button, TextInput } from '@mantine/core'
import { PlusIcon } from '@radix-ui/react-icons'
import { useState } from 'react'
import classes from './add-value.module.css'
import { nameProblem } from './config-draft.ts'

/** A new value joins the changes that wait to be saved. */
export function AddValue(props: {
  readonly taken: readonly string[]
  readonly onAdd: (name: string, value: string) => void
}) {
  const [name, setName] = useState('')
  const [value, setValue] = useState('')
  const [problem, setProblem] = useState<string>()
  const add = () => {
    const found = nameProblem(name.trim(), props.taken)
    setProblem(found)
    if (found !== undefined) return
    props.onAdd(name.trim(), value)
    setName('')
    setValue('')
  }
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        add()
      }}
    >
      <TextInput
        label="New value: name"
        placeholder="API_KEY"
        value={name}
        error={problem}
        onChange={({ currentTarget }) => {
          setName(currentTarget.value)
          setProblem(undefined)
        }}
        autoComplete="off"
        spellCheck={false}
      />
      <TextInput
        className={classes.value ?? ''}
        label="Value"
        value={value}
        onChange={({ currentTarget }) => setValue(currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      <Button type="submit" variant="default" leftSection={<PlusIcon aria-hidden />} mt={25}>
        Add
      </Button>
    </form>
  )
}
