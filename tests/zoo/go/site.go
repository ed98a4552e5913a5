// Go's own server and its router.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func handled(w http.ResponseWriter, r *http.Request, name string) {
	journal, err := os.OpenFile(os.Getenv("ZOO_JOURNAL"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		fmt.Fprintf(journal, "%s %s %q\n", name, r.Method, r.RequestURI)
		journal.Close()
	}
	fmt.Fprintf(w, "zoo-guarded %s", name)
}

func opened(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "public %s %s %d", r.Method, r.RequestURI, len(body))
}

func always(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { handled(w, r, name) }
}

func when(name string, holds func(*http.Request) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if holds(r) {
			handled(w, r, name)
			return
		}
		opened(w, r)
	}
}

func pays(values []string) bool {
	for _, value := range values {
		if value == "pay" {
			return true
		}
	}
	return false
}

func main() {
	http.HandleFunc("/account/withdraw", always("withdraw"))
	http.HandleFunc("/vault/gold", always("gold"))
	http.HandleFunc("/account/transfer", when("transfer", func(r *http.Request) bool { return r.Method == "POST" }))
	http.HandleFunc("/account/close", when("close", func(r *http.Request) bool { return r.Method == "DELETE" }))
	http.HandleFunc("/account/open", when("open", func(r *http.Request) bool {
		cookie, err := r.Cookie("session")
		return err == nil && cookie.Value == "victim"
	}))
	http.HandleFunc("/action", when("action", func(r *http.Request) bool {
		r.ParseMultipartForm(1 << 20)
		return r.Method == "POST" && pays(r.Form["do"])
	}))
	http.HandleFunc("/menu", when("menu", func(r *http.Request) bool {
		r.ParseMultipartForm(1 << 20)
		return pays(r.Form["do"])
	}))
	http.HandleFunc("/rpc", when("rpc", func(r *http.Request) bool {
		var called struct {
			Op string `json:"op"`
		}
		return json.NewDecoder(r.Body).Decode(&called) == nil && called.Op == "pay"
	}))
	http.HandleFunc("/told", when("told", func(r *http.Request) bool {
		address := strings.Join(r.Header["X-Forwarded-For"], "") + r.Header.Get("X-Real-IP")
		return strings.Contains(r.Header.Get("Stepgate-Assertion"), "forged") || strings.Contains(address, "6.6.6.6")
	}))
	http.HandleFunc("/", opened)
	if err := http.ListenAndServe("127.0.0.1:"+os.Args[1], nil); err != nil {
		panic(err)
	}
}
