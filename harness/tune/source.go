package tune

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// sourceField is a field of a detector, and its value as Go's source has it.
type sourceField struct{ name, source string }

// fieldsOf are the fields of a detector that are not zero.
func fieldsOf(c detect.Config) []sourceField {
	var out []sourceField
	for field, value := range reflect.ValueOf(c).Fields() {
		if value.IsZero() {
			continue
		}
		source := fmt.Sprint(value.Interface())
		switch v := value.Interface().(type) {
		case time.Duration:
			source = goDuration(v)
		case float64:
			source = strconv.FormatFloat(v, 'g', -1, 64)
		}
		out = append(out, sourceField{field.Name, source})
	}
	return out
}
