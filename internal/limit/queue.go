package limit

// bucket is what is kept of a key.
type bucket struct {
	key  uint64 // its hash
	full int64  // when the bucket is full again, in nanoseconds since the limiter began
}

// queue is buckets, the one that is full first in front: a binary heap, and where
// in it each key stands. container/heap would allocate at each step.
type queue struct {
	all []bucket
	at  map[uint64]int32
}

// find answers where a key stands, or -1.
func (q *queue) find(key uint64) int {
	i, known := q.at[key]
	if !known {
		return -1
	}
	return int(i)
}

// put sets the bucket that stands at i, or adds one where i is -1.
func (q *queue) put(i int, b bucket) {
	if i < 0 {
		i = len(q.all)
		q.all = append(q.all, b)
	}
	q.set(i, b)
	q.down(q.up(i))
}

// dropFirst takes the bucket in front away.
func (q *queue) dropFirst() {
	last := len(q.all) - 1
	delete(q.at, q.all[0].key)
	moved := q.all[last]
	q.all = q.all[:last]
	if last > 0 {
		q.set(0, moved)
		q.down(0)
	}
}

func (q *queue) set(i int, b bucket) {
	q.all[i] = b
	q.at[b.key] = int32(i) //gosec:disable G115 -- New bounds how many there are
}

// up moves the bucket at i to where those before it are full earlier, and answers
// where that is.
func (q *queue) up(i int) int {
	for i > 0 {
		parent := (i - 1) / 2
		if q.all[parent].full <= q.all[i].full {
			break
		}
		q.swap(i, parent)
		i = parent
	}
	return i
}

// down moves the bucket at i to where those after it are full later.
func (q *queue) down(i int) {
	for {
		first := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(q.all); child++ {
			if q.all[child].full < q.all[first].full {
				first = child
			}
		}
		if first == i {
			return
		}
		q.swap(i, first)
		i = first
	}
}

func (q *queue) swap(i, j int) {
	a, b := q.all[i], q.all[j]
	q.set(i, b)
	q.set(j, a)
}
