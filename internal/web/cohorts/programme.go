package cohorts

import (
	"net/http"

	"matricula/internal/web"
)

// cohorts lists the years of the programme, newest first.
func (d *door) cohorts(w http.ResponseWriter, r *http.Request) error {
	list, err := d.service.Cohorts(r.Context())
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, cohortsOf(list))
	return nil
}

// currentCohort tells the latest cohort year.
func (d *door) currentCohort(w http.ResponseWriter, r *http.Request) error {
	latest, err := d.service.CurrentCohort(r.Context())
	if err != nil {
		return err
	}
	web.WriteJSON(w, http.StatusOK, oneCohort{cohortOf(latest)})
	return nil
}
